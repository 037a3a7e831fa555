using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Ringfence.Gateway;

/// <summary>Passes one response on and reads its usage in passing.</summary>
internal sealed class ResponseRelay(
    HttpContext http, IModelWire wire, CallFacts? facts, HttpResponseMessage response, TimeSpan silenceAllowed, bool keeps, TimeProvider time)
{
    private const int BufferSize = 16 << 10;
    private const int MostKept = 64 << 20;

    private readonly UsageReader reader = wire.NewReader();
    private UsageEventFilter? hidden;
    private long firstByte;
    private string said = "";
    private MemoryStream? kept = keeps ? new MemoryStream() : null;

    /// <summary>The whole body, when it was to be kept and was not too large.</summary>
    public ReadOnlyMemory<byte>? Kept => kept?.ToArray();

    /// <param name="silence">Cancels when the provider is silent for too long; set anew with each byte.</param>
    public async Task<Ending> RunAsync(CancellationTokenSource silence, CancellationToken cancellationToken)
    {
        var status = (int)response.StatusCode;
        var ok = status is >= 200 and < 300;
        var type = response.Content.Headers.ContentType?.MediaType;
        reader.IsEventStream = type == "text/event-stream";
        hidden = facts is { UsageMustBeAsked: true } && reader.IsEventStream && response.Content.Headers.ContentEncoding.Count == 0 ? new UsageEventFilter() : null;
        var tap = ContentCoding.Tap(response.Content.Headers.ContentEncoding.LastOrDefault(), reader);
        Headers.CopyTo(response, http.Response);
        var broken = await CopyAsync(tap, ok, silence, cancellationToken);
        await tap.CompleteAsync();

        if (!ok)
        {
            return new Ending { Status = status, Error = new Failure("upstream_status", $"The provider answered {status}: {Printable.Escape(said)}") };
        }

        var error = broken
            ?? (reader.MidwayError is { } midway ? new Failure("upstream_error", $"The provider broke off: {Printable.Escape(midway)}.") : null)
            ?? (facts is not null && reader.Final is null ? new Failure("usage_unknown", "The answer held no credible usage; all that was set aside counts.") : null);

        return new Ending
        {
            Status = status,
            MayBeCharged = facts is not null,
            Usage = reader.MidwayError is null ? reader.Final : null,
            StopReason = reader.StopReason,
            IsComplete = broken is null && reader.IsComplete,
            FirstByte = firstByte,
            Error = error,
        };
    }

    private async Task<Failure?> CopyAsync(ContentCoding.ITap tap, bool ok, CancellationTokenSource silence, CancellationToken cancellationToken)
    {
        var passing = false;

        try
        {
            await using var stream = await response.Content.ReadAsStreamAsync(silence.Token);
            var writer = http.Response.BodyWriter;
            var left = response.Content.Headers.ContentLength;

            var armed = time.GetTimestamp();
            silence.CancelAfter(silenceAllowed);

            while (true)
            {
                // Setting a timer for each event of a stream costs as much as passing it on.
                if (time.GetElapsedTime(armed) > silenceAllowed / 16)
                {
                    armed = time.GetTimestamp();
                    silence.CancelAfter(silenceAllowed);
                }

                var buffer = writer.GetMemory(BufferSize);
                var count = await stream.ReadAsync(buffer, silence.Token);

                if (count == 0)
                {
                    return null;
                }

                firstByte = firstByte == 0 ? time.GetTimestamp() : firstByte;

                Keep(buffer.Span[..count]);

                if (ok)
                {
                    tap.Feed(buffer.Span[..count]);
                }
                else if (said.Length < 512)
                {
                    said += Encoding.UTF8.GetString(buffer.Span[..Math.Min(count, 512 - said.Length)]);
                }

                left -= count;
                Pass(writer, buffer, count);

                // The end is sent when the call has been settled: whoever has the whole answer finds the books in order.
                if (left == 0)
                {
                    return null;
                }

                // A caller that takes nothing holds a connection and money; it is given as long as a provider that says nothing.
                passing = true;
                var flushed = await writer.FlushAsync(silence.Token);
                passing = false;

                if (flushed.IsCompleted || flushed.IsCanceled)
                {
                    return new Failure("cut", "The caller went away during the answer.");
                }
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException or HttpRequestException)
        {
            // What has been passed on cannot be taken back: the caller must see that it is cut, not that it is whole.
            http.Abort();

            return cancellationToken.IsCancellationRequested || passing
                ? new Failure("cut", "The call was cut: the caller went away or took nothing any more, or the run was stopped.")
                : exception is OperationCanceledException ? new Failure("upstream_silent", "The provider fell silent during the answer.")
                : new Failure("upstream_cut", "The provider cut the answer.");
        }
    }

    // The event that the gateway asked for, and the caller did not, is not the caller's.
    private void Pass(PipeWriter writer, Memory<byte> buffer, int count)
    {
        if (hidden is null)
        {
            writer.Advance(count);
        }
        else
        {
            var shown = hidden.Filter(buffer.Span[..count]);
            writer.Write(shown);
        }
    }

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        kept?.Write(bytes);

        if (kept?.Length > MostKept)
        {
            kept = null;
        }
    }
}
