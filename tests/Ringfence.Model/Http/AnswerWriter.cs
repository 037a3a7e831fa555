using System.Text;
using Microsoft.AspNetCore.Http;

namespace Ringfence.Model;

/// <summary>Sends an answer as the turn wants it sent: slowly, broken, late or never.</summary>
internal sealed class AnswerWriter(HttpContext context, Turn turn, TimeProvider time)
{
    private int sentBytes;
    private int sentEvents;

    public async Task WriteAsync(IWire wire, ModelRequest request, Answer answer)
    {
        var stopping = context.RequestAborted;
        await PauseAsync(turn.Delay, stopping);

        foreach (var (name, value) in turn.Headers)
        {
            context.Response.Headers[name] = value;
        }

        context.Response.StatusCode = turn.Status ?? 200;

        if (turn.Fault == Fault.Never)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, time, stopping);
        }
        else if (turn.Fault == Fault.Html)
        {
            await SendAsync("text/html", "<!DOCTYPE html><html><head><title>Sign in</title></head><body><h1>Sign in to the network</h1></body></html>\n", stopping);
        }
        else if (turn.Body is { } body)
        {
            await SendAsync("application/json", body, stopping);
        }
        else if (turn.Status is { } status and >= 400)
        {
            await SendAsync("application/json", wire.Error(status, turn.Error?.Split(':')[0], turn.Error ?? "simulated error").ToJsonString(Answer.Plain), stopping);
        }
        else if (request.Stream)
        {
            await StreamAsync(wire, answer, stopping);
        }
        else
        {
            await SendAsync("application/json", wire.Whole(answer).ToJsonString(Answer.Plain), stopping);
        }
    }

    private async Task StreamAsync(IWire wire, Answer answer, CancellationToken stopping)
    {
        context.Response.ContentType ??= "text/event-stream; charset=utf-8";
        context.Response.Headers.CacheControl = "no-cache";
        var events = wire.Events(answer).ToList();

        // Without its last event a stream is not complete, whatever came before.
        var shown = turn.Fault is Fault.Stall or Fault.ErrorEvent ? events.Take(events.Count - 1) : events;

        foreach (var text in shown)
        {
            if (sentEvents > 0)
            {
                await PauseAsync(turn.Pace, stopping);
            }

            if (turn.Fault == Fault.MalformedSse && sentEvents == 2)
            {
                await PutAsync("data: {\"type\": \"content_block_de\nnot-a-field\ndata {]\n\n", stopping);
            }

            if (!await PutAsync(text, stopping))
            {
                return;
            }

            sentEvents++;

            if (turn.Cut?.Events == sentEvents)
            {
                context.Abort();
                return;
            }
        }

        if (turn.Fault == Fault.ErrorEvent)
        {
            await PutAsync(wire.ErrorEvent, stopping);
        }
        else if (turn.Fault == Fault.Stall)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, time, stopping);
        }
    }

    private async Task SendAsync(string contentType, string text, CancellationToken stopping)
    {
        context.Response.ContentType ??= contentType;
        context.Response.ContentLength = turn.Cut is null ? Encoding.UTF8.GetByteCount(text) : null;
        await PutAsync(text, stopping);
    }

    /// <summary>Writes and flushes; false when the turn's cut was reached and the connection is broken.</summary>
    private async Task<bool> PutAsync(string text, CancellationToken stopping)
    {
        var bytes = Encoding.UTF8.GetBytes(text).AsMemory();
        var cut = turn.Cut?.Bytes is { } limit && sentBytes + bytes.Length >= limit ? limit - sentBytes : -1;
        await context.Response.Body.WriteAsync(cut < 0 ? bytes : bytes[..cut], stopping);
        await context.Response.Body.FlushAsync(stopping);
        sentBytes += bytes.Length;

        if (cut >= 0)
        {
            context.Abort();
        }

        return cut < 0;
    }

    private Task PauseAsync(TimeSpan length, CancellationToken stopping) => length > TimeSpan.Zero ? Task.Delay(length, time, stopping) : Task.CompletedTask;
}
