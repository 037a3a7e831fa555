using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Channels;

namespace Ringfence.Acceptance;

/// <summary>A real HTTP server on loopback: somebody who is told of runs.</summary>
internal sealed class WebhookReceiver : IAsyncDisposable
{
    private readonly HttpListener listener;
    private readonly Channel<Delivery> received = Channel.CreateUnbounded<Delivery>();
    private readonly Task serving;

    public WebhookReceiver()
    {
        (listener, Url) = Listen();
        serving = ServeAsync();
    }

    public string Url { get; }

    /// <summary>Waits for the next message.</summary>
    public ValueTask<Delivery> NextAsync(CancellationToken cancellationToken) => received.Reader.ReadAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        listener.Close();
        await serving;
    }

    internal static (HttpListener Listener, string Url) Listen()
    {
        for (var tries = 0; ; tries++)
        {
            using var probe = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
            probe.Start();
            var url = $"http://127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}/";
            probe.Stop();
            var listener = new HttpListener { Prefixes = { url } };

            try
            {
                listener.Start();
                return (listener, url);
            }
            catch (HttpListenerException) when (tries < 20)
            {
                // A port that was free a moment ago may be taken by now.
            }
        }
    }

    private async Task ServeAsync()
    {
        while (listener.IsListening)
        {
            try
            {
                await TakeAsync(await listener.GetContextAsync());
            }
            catch (Exception broken) when (broken is HttpListenerException or ObjectDisposedException or IOException)
            {
                // Disposed, or a sender that was killed in the middle of its message: the next one counts.
            }
        }
    }

    private async Task TakeAsync(HttpListenerContext context)
    {
        using var reader = new StreamReader(context.Request.InputStream);
        var headers = context.Request.Headers;
        var delivery = new Delivery(
            context.Request.Url!.AbsolutePath, headers["webhook-id"]!, headers["webhook-timestamp"]!, headers["webhook-signature"]!, await reader.ReadToEndAsync());
        context.Response.StatusCode = 204;
        context.Response.Close();
        received.Writer.TryWrite(delivery);
    }
}

internal sealed record Delivery(string Path, string Id, string Timestamp, string Signature, string Body)
{
    public JsonNode Json => JsonNode.Parse(Body)!;

    /// <summary>Whether it was signed with this secret, as Standard Webhooks says.</summary>
    public bool IsSignedWith(string secret) => Signature
        == "v1," + Convert.ToBase64String(HMACSHA256.HashData(Convert.FromBase64String(secret["whsec_".Length..]), Encoding.UTF8.GetBytes($"{Id}.{Timestamp}.{Body}")));
}
