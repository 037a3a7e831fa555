using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Ringfence.Agent.Hosts.Control;

/// <summary>Requests in both directions over standard input and output, one JSON object per line, beside the messages of the conversation.</summary>
internal sealed class ControlChannel(StandardStreams streams)
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource<JsonObject>> waiting = new(StringComparer.Ordinal);
    private int last;
    private bool closed;

    /// <summary>Reads until standard input ends, which also ends every question that is still open.</summary>
    public async Task ReadAsync(Action<JsonObject> onUser, Action<string, JsonObject> onRequest, Action<string> onCancel, CancellationToken cancellationToken)
    {
        try
        {
            await using var input = StandardStreams.OpenInput();
            using var reader = new StreamReader(input, Encoding.UTF8, false, 64 * 1024);

            while (await reader.ReadLineAsync(cancellationToken) is { } line)
            {
                if (line.Length == 0)
                {
                    continue;
                }

                if (Json.TryParseObject(line) is not { } message)
                {
                    StandardStreams.WriteError($"Error parsing streaming input line: {(line.Length > 200 ? line[..200] + "…" : line)}");
                    continue;
                }

                Dispatch(message, onUser, onRequest, onCancel);
            }
        }
        catch (IOException)
        {
            // The other side is gone: the same as the end.
        }
        finally
        {
            closed = true;

            foreach (var (_, answer) in waiting)
            {
                answer.TrySetException(new ControlException("The program that drives this session has closed its side."));
            }
        }
    }

    /// <exception cref="ControlException">The other side answered with an error, or is gone.</exception>
    public async Task<JsonObject> AskAsync(JsonObject request, CancellationToken cancellationToken)
    {
        var id = "req_" + Interlocked.Increment(ref last).ToString(CultureInfo.InvariantCulture);
        var answer = new TaskCompletionSource<JsonObject>(TaskCreationOptions.RunContinuationsAsynchronously);
        waiting[id] = answer;

        try
        {
            if (closed)
            {
                throw new ControlException("The program that drives this session has closed its side.");
            }

            streams.WriteLine(w =>
            {
                w.WriteString("type", "control_request");
                w.WriteString("request_id", id);
                StreamJson.Node(w, "request", request);
            });

            return await answer.Task.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            streams.WriteLine(w =>
            {
                w.WriteString("type", "control_cancel_request");
                w.WriteString("request_id", id);
            });

            throw;
        }
        finally
        {
            waiting.TryRemove(id, out _);
        }
    }

    /// <param name="response">Null where there is nothing to say but yes.</param>
    public void Answer(string requestId, JsonObject? response) => streams.WriteLine(w =>
    {
        w.WriteString("type", "control_response");
        w.WriteStartObject("response");
        w.WriteString("subtype", "success");
        w.WriteString("request_id", requestId);

        if (response is not null)
        {
            StreamJson.Node(w, "response", response);
        }

        w.WriteEndObject();
    });

    public void Refuse(string requestId, string error, string? code = null) => streams.WriteLine(w =>
    {
        w.WriteString("type", "control_response");
        w.WriteStartObject("response");
        w.WriteString("subtype", "error");
        w.WriteString("request_id", requestId);
        w.WriteString("error", error);

        if (code is not null)
        {
            w.WriteString("error_code", code);
        }

        w.WriteEndObject();
    });

    private void Dispatch(JsonObject message, Action<JsonObject> onUser, Action<string, JsonObject> onRequest, Action<string> onCancel)
    {
        switch (message.Text("type"))
        {
            case "user":
                onUser(message);
                break;

            case "control_request" when message.Object("request") is { } request && message.Text("request_id") is { } id:
                onRequest(id, request);
                break;

            case "control_cancel_request" when message.Text("request_id") is { } id:
                onCancel(id);
                break;

            case "control_response" when message.Object("response") is { } response && response.Text("request_id") is { } id
                && waiting.TryRemove(id, out var answer):
                if (response.Text("subtype") == "error")
                {
                    answer.TrySetException(new ControlException(response.Text("error") ?? "unknown error"));
                }
                else
                {
                    answer.TrySetResult(response.Object("response") ?? []);
                }

                break;
        }
    }
}

/// <param name="code">For programs, where there is one.</param>
internal sealed class ControlException(string message, string? code = null) : Exception(message)
{
    public string? Code => code;
}
