using System.Buffers;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Ringfence.Secrets;

namespace Ringfence.Egress;

/// <summary>Passes a host's answer on to the sandbox, without any secret that the host sends back.</summary>
internal static class ResponseRelay
{
    private const int BufferSize = 65_536;

    public static async Task SendAsync(
        HttpContext context, HttpResponseMessage response, SecretRedactor redactor, Action<IReadOnlyList<string>> leaked, CancellationToken cancellationToken)
    {
        context.Response.StatusCode = (int)response.StatusCode;
        context.Features.GetRequiredFeature<IHttpResponseFeature>().ReasonPhrase = response.ReasonPhrase;
        var dropped = HopByHop.In(response.Headers.Connection);

        foreach (var (name, values) in response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated))
        {
            if (!dropped.Contains(name))
            {
                context.Response.Headers.Append(name, values.Select(v => Clean(v, redactor, leaked)).ToArray());
            }
        }

        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);

        if (response.StatusCode == HttpStatusCode.SwitchingProtocols)
        {
            context.Response.Headers.Connection = "Upgrade";
            context.Response.Headers.Upgrade = "websocket";
            await using var client = await context.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var up = CopyAsync(client, body, SecretRedactor.None, leaked, ended.Token);
            var down = CopyAsync(body, client, redactor, leaked, ended.Token);
            await Task.WhenAny(up, down);
            await ended.CancelAsync();
            await Task.WhenAll(up, down);
            return;
        }

        await context.Response.StartAsync(cancellationToken);
        await CopyAsync(body, context.Response.Body, redactor, leaked, cancellationToken);

        foreach (var (name, values) in response.TrailingHeaders.NonValidated)
        {
            if (context.Response.SupportsTrailers())
            {
                context.Response.AppendTrailer(name, values.Select(v => Clean(v, redactor, leaked)).ToArray());
            }
        }
    }

    private static async Task CopyAsync(Stream from, Stream to, SecretRedactor redactor, Action<IReadOnlyList<string>> leaked, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        var redaction = redactor.OpenStream(keepLength: true);
        var clean = new ArrayBufferWriter<byte>();

        try
        {
            while (await from.ReadAsync(buffer, cancellationToken) is var read and > 0)
            {
                redaction.Push(buffer.AsSpan(0, read), clean);
                await WriteAsync(clean, to, cancellationToken);
            }

            redaction.Complete(clean);
            await WriteAsync(clean, to, cancellationToken);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
            leaked(redaction.Found);
        }
    }

    private static async Task WriteAsync(ArrayBufferWriter<byte> clean, Stream to, CancellationToken cancellationToken)
    {
        if (clean.WrittenCount > 0)
        {
            await to.WriteAsync(clean.WrittenMemory, cancellationToken);
            await to.FlushAsync(cancellationToken);
            clean.ResetWrittenCount();
        }
    }

    private static string Clean(string value, SecretRedactor redactor, Action<IReadOnlyList<string>> leaked)
    {
        if (!redactor.TryRedact(Encoding.Latin1.GetBytes(value), out var redacted, out var names))
        {
            return value;
        }

        leaked(names);
        return Encoding.Latin1.GetString(redacted);
    }
}
