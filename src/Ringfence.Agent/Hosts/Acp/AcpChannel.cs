using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ringfence.Agent.Hosts.Acp;

/// <summary>JSON-RPC 2.0 over standard input and output, one message per line, with requests in both directions.</summary>
internal sealed class AcpChannel(StandardStreams streams)
{
    public const int MethodNotFound = -32601;
    public const int InvalidParams = -32602;
    public const int InternalError = -32603;

    private readonly ConcurrentDictionary<long, TaskCompletionSource<JsonObject>> waiting = new();
    private long last;

    /// <summary>Reads until the other side closes. A request is answered by what <paramref name="onRequest"/> returns, each at its own time.</summary>
    public async Task ReadAsync(Func<string, JsonObject, Task<JsonObject>> onRequest, Action<string, JsonObject> onNotification, CancellationToken cancellationToken)
    {
        await using var input = StandardStreams.OpenInput();
        using var reader = new StreamReader(input, Encoding.UTF8, false, 64 * 1024);

        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            if (Json.TryParseObject(line) is not { } message)
            {
                continue;
            }

            var id = message["id"];
            var parameters = message.Object("params") ?? [];

            if (message.Text("method") is not { } method)
            {
                Complete(message);
            }
            else if (id is null)
            {
                onNotification(method, parameters);
            }
            else
            {
                // Not awaited: a prompt is answered when its work is done, and a cancellation must be heard meanwhile.
                _ = AnswerAsync(id.DeepClone(), method, parameters, onRequest);
            }
        }

        foreach (var (_, answer) in waiting)
        {
            answer.TrySetCanceled(CancellationToken.None);
        }
    }

    /// <exception cref="AcpException">The other side answered with an error.</exception>
    public async Task<JsonObject> AskAsync(string method, JsonObject parameters, CancellationToken cancellationToken)
    {
        var id = Interlocked.Increment(ref last);
        var answer = new TaskCompletionSource<JsonObject>(TaskCreationOptions.RunContinuationsAsynchronously);
        waiting[id] = answer;

        Send(w =>
        {
            w.WriteNumber("id", id);
            w.WriteString("method", method);
            StreamJson.Node(w, "params", parameters);
        });

        try
        {
            return await answer.Task.WaitAsync(cancellationToken);
        }
        finally
        {
            waiting.TryRemove(id, out _);
        }
    }

    public void Notify(string method, JsonObject parameters) => Send(w =>
    {
        w.WriteString("method", method);
        StreamJson.Node(w, "params", parameters);
    });

    private void Complete(JsonObject message)
    {
        if (message.Integer("id") is not { } id || !waiting.TryRemove(id, out var answer))
        {
            return;
        }

        if (message.Object("error") is { } error)
        {
            answer.TrySetException(new AcpException((int)(error.Integer("code") ?? InternalError), error.Text("message") ?? "unknown error"));
        }
        else
        {
            answer.TrySetResult(message.Object("result") ?? []);
        }
    }

    private async Task AnswerAsync(JsonNode id, string method, JsonObject parameters, Func<string, JsonObject, Task<JsonObject>> onRequest)
    {
        try
        {
            var result = await onRequest(method, parameters);

            Send(w =>
            {
                StreamJson.Node(w, "id", id);
                StreamJson.Node(w, "result", result);
            });
        }
        catch (AcpException e)
        {
            Send(w =>
            {
                StreamJson.Node(w, "id", id);
                w.WriteStartObject("error");
                w.WriteNumber("code", e.Code);
                w.WriteString("message", e.Message);
                w.WriteEndObject();
            });
        }
    }

    private void Send(Action<Utf8JsonWriter> write) => streams.WriteLine(w =>
    {
        w.WriteString("jsonrpc", "2.0");
        write(w);
    });
}

internal sealed class AcpException(int code, string message) : Exception(message)
{
    public int Code => code;
}
