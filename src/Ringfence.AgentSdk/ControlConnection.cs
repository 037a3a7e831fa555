using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;

namespace Ringfence.AgentSdk;

/// <summary>The control protocol over two streams, one JSON object per line: messages out, requests in both directions.</summary>
internal sealed class ControlConnection : IDisposable
{
    private readonly TextReader output;
    private readonly TextWriter input;
    private readonly Func<JsonObject, CancellationToken, Task<JsonObject>> answers;
    private readonly Func<Task<AgentException>> gone;
    private readonly Channel<JsonObject> messages = Channel.CreateUnbounded<JsonObject>();
    private readonly ConcurrentDictionary<string, TaskCompletionSource<JsonObject>> waiting = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, CancellationTokenSource> answering = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim writing = new(1, 1);
    private volatile bool hasEnded;
    private int last;

    /// <param name="answers">Answers what the agent asks.</param>
    /// <param name="gone">Says how it is that the agent is not there any more.</param>
    public ControlConnection(TextReader output, TextWriter input, Func<JsonObject, CancellationToken, Task<JsonObject>> answers, Func<Task<AgentException>> gone)
    {
        (this.output, this.input, this.answers, this.gone) = (output, input, answers, gone);
        Reading = ReadAsync();
    }

    public ChannelReader<JsonObject> Messages => messages.Reader;

    /// <summary>Ends with the agent's output.</summary>
    public Task Reading { get; }

    /// <exception cref="AgentException">The agent refused, or is gone.</exception>
    public async Task<JsonObject> AskAsync(JsonObject request, CancellationToken cancellationToken)
    {
        var id = "net_" + Interlocked.Increment(ref last).ToString(CultureInfo.InvariantCulture);
        var answer = new TaskCompletionSource<JsonObject>(TaskCreationOptions.RunContinuationsAsynchronously);
        waiting[id] = answer;

        if (hasEnded)
        {
            throw await gone();
        }

        await WriteAsync(new JsonObject { ["type"] = "control_request", ["request_id"] = id, ["request"] = request }, cancellationToken);

        try
        {
            return await answer.Task.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            waiting.TryRemove(id, out _);
            await WriteAsync(new JsonObject { ["type"] = "control_cancel_request", ["request_id"] = id }, CancellationToken.None);
            throw;
        }
    }

    public async Task WriteAsync(JsonObject message, CancellationToken cancellationToken)
    {
        await writing.WaitAsync(cancellationToken);

        try
        {
            await input.WriteLineAsync(message.ToJsonString().AsMemory(), cancellationToken);
            await input.FlushAsync(cancellationToken);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            throw await gone();
        }
        finally
        {
            writing.Release();
        }
    }

    public void Dispose() => writing.Dispose();

    private async Task ReadAsync()
    {
        try
        {
            while (await output.ReadLineAsync() is { } line)
            {
                if (Parse(line) is { } message)
                {
                    Dispatch(message);
                }
            }
        }
        catch (IOException)
        {
            // The same as its end.
        }
        finally
        {
            // Whoever asks from now on sees this; whoever asked before is told below.
            hasEnded = true;
            messages.Writer.TryComplete();

            if (waiting.Values is { Count: > 0 } asked)
            {
                var why = await gone();

                foreach (var answer in asked)
                {
                    answer.TrySetException(why);
                }
            }

            foreach (var (_, source) in answering)
            {
                await source.CancelAsync();
            }
        }
    }

    private static JsonObject? Parse(string line)
    {
        try
        {
            return JsonNode.Parse(line) as JsonObject;
        }
        catch (JsonException)
        {
            return null; // not of the protocol: some agents print warnings
        }
    }

    private void Dispatch(JsonObject message)
    {
        switch ((string?)message["type"])
        {
            case "control_response" when message["response"] is JsonObject response && waiting.TryRemove((string?)response["request_id"] ?? "", out var answer):
                if ((string?)response["subtype"] == "error")
                {
                    answer.TrySetException(new AgentException((string?)response["error"] ?? "unknown error"));
                }
                else
                {
                    answer.TrySetResult(response["response"] as JsonObject ?? []);
                }

                break;

            case "control_request" when message["request"] is JsonObject request:
                // Not awaited: a question may wait for a person, while the agent goes on talking.
                _ = AnswerAsync((string?)message["request_id"] ?? "", request);
                break;

            case "control_cancel_request" when answering.TryGetValue((string?)message["request_id"] ?? "", out var source):
                source.Cancel();
                break;

            // What becomes of a prompt is known here: one is sent after another.
            case "control_response" or "control_cancel_request" or "keep_alive" or "command_lifecycle":
                break;

            default:
                messages.Writer.TryWrite(message);
                break;
        }
    }

    private async Task AnswerAsync(string id, JsonObject request)
    {
        using var source = new CancellationTokenSource();
        answering[id] = source;
        JsonObject response;

        try
        {
            var result = await answers(request, source.Token);
            response = new JsonObject { ["subtype"] = "success", ["request_id"] = id, ["response"] = result };
        }
        catch (Exception e)
        {
            // The caller's own function failed: the agent is told, and goes on as if it had said no.
            response = new JsonObject { ["subtype"] = "error", ["request_id"] = id, ["error"] = e.Message };
        }
        finally
        {
            answering.TryRemove(id, out _);
        }

        try
        {
            await WriteAsync(new JsonObject { ["type"] = "control_response", ["response"] = response }, CancellationToken.None);
        }
        catch (AgentException)
        {
            // Nobody wants to know any more.
        }
    }
}
