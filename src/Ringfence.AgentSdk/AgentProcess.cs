using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Threading.Channels;

namespace Ringfence.AgentSdk;

/// <summary>The agent's process and the control protocol with it: messages out, requests in both directions.</summary>
internal sealed class AgentProcess : IAsyncDisposable
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(3);

    private readonly Process process;
    private readonly AgentOptions options;
    private readonly Channel<JsonObject> messages = Channel.CreateUnbounded<JsonObject>();
    private readonly ConcurrentDictionary<string, TaskCompletionSource<JsonObject>> waiting = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, CancellationTokenSource> answering = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim writing = new(1, 1);
    private readonly Queue<string> lastErrors = new();
    private readonly Task reading;
    private int last;

    private AgentProcess(Process process, AgentOptions options)
    {
        (this.process, this.options) = (process, options);
        process.ErrorDataReceived += (_, e) => Complained(e.Data);
        process.BeginErrorReadLine();
        reading = ReadAsync();
    }

    public ChannelReader<JsonObject> Messages => messages.Reader;

    /// <exception cref="AgentException">It cannot be started, or does not speak the protocol.</exception>
    public static async Task<AgentProcess> StartAsync(AgentOptions options, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(options.Command[0], [.. options.Command.Skip(1), .. options.Arguments()])
        {
            WorkingDirectory = options.WorkingDirectory ?? "", UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };

        start.Environment["CLAUDE_CODE_ENTRYPOINT"] = "sdk-dotnet";

        foreach (var (name, value) in options.Environment)
        {
            start.Environment[name] = value;
        }

        Process process;

        try
        {
            process = Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new AgentException($"'{options.Command[0]}' could not be started: {e.Message}", e);
        }

        var agent = new AgentProcess(process, options);

        try
        {
            await agent.AskAsync(agent.Initialize(), cancellationToken);
            return agent;
        }
        catch
        {
            await agent.DisposeAsync();
            throw;
        }
    }

    public Task SendAsync(JsonNode content, CancellationToken cancellationToken) => WriteAsync(new JsonObject
    {
        ["type"] = "user", ["message"] = new JsonObject { ["role"] = "user", ["content"] = content }, ["parent_tool_use_id"] = null, ["session_id"] = "",
    }, cancellationToken);

    /// <exception cref="AgentException">The agent refused, or is gone.</exception>
    public async Task<JsonObject> AskAsync(JsonObject request, CancellationToken cancellationToken)
    {
        var id = "net_" + Interlocked.Increment(ref last).ToString(CultureInfo.InvariantCulture);
        var answer = new TaskCompletionSource<JsonObject>(TaskCreationOptions.RunContinuationsAsynchronously);
        waiting[id] = answer;

        if (reading.IsCompleted)
        {
            throw Gone();
        }

        await WriteAsync(new JsonObject { ["type"] = "control_request", ["request_id"] = id, ["request"] = request }, cancellationToken);
        return await answer.Task.WaitAsync(cancellationToken);
    }

    public AgentException Gone() => new($"The agent has ended (exit code {(process.HasExited ? process.ExitCode : -1)}). {string.Join('\n', lastErrors)}");

    public async ValueTask DisposeAsync()
    {
        try
        {
            process.StandardInput.Close();
            await process.WaitForExitAsync().WaitAsync(Grace);
        }
        catch (Exception e) when (e is TimeoutException or IOException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
        }

        await reading;
        process.Dispose();
        writing.Dispose();
    }

    private JsonObject Initialize()
    {
        var request = new JsonObject { ["subtype"] = "initialize" };

        if (options.SystemPrompt is not null)
        {
            request["systemPrompt"] = new JsonArray((JsonNode)options.SystemPrompt);
        }

        if (options.AppendSystemPrompt is not null)
        {
            request["appendSystemPrompt"] = options.AppendSystemPrompt;
        }

        if (options.Tools.Count > 0)
        {
            request["sdkMcpServers"] = new JsonArray([.. options.Tools.Keys.Select(n => (JsonNode)n)]);
        }

        var hooks = new JsonObject();

        for (var i = 0; i < options.Hooks.Count; i++)
        {
            var hook = options.Hooks[i];
            var entry = new JsonObject { ["hookCallbackIds"] = new JsonArray((JsonNode)i.ToString(CultureInfo.InvariantCulture)) };

            if (hook.Matcher is not null)
            {
                entry["matcher"] = hook.Matcher;
            }

            hooks[hook.Event] ??= new JsonArray();
            hooks[hook.Event]!.AsArray().Add((JsonNode)entry);
        }

        if (hooks.Count > 0)
        {
            request["hooks"] = hooks;
        }

        return request;
    }

    private async Task ReadAsync()
    {
        try
        {
            while (await process.StandardOutput.ReadLineAsync() is { } line)
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
            messages.Writer.TryComplete();

            foreach (var (_, answer) in waiting)
            {
                answer.TrySetException(Gone());
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
        catch (System.Text.Json.JsonException)
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

            case "control_response" or "control_cancel_request" or "keep_alive":
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
            var result = await AgentRequests.AnswerAsync(options, request, source.Token);
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

    private async Task WriteAsync(JsonObject message, CancellationToken cancellationToken)
    {
        await writing.WaitAsync(cancellationToken);

        try
        {
            await process.StandardInput.WriteLineAsync(message.ToJsonString().AsMemory(), cancellationToken);
            await process.StandardInput.FlushAsync(cancellationToken);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            throw Gone();
        }
        finally
        {
            writing.Release();
        }
    }

    private void Complained(string? line)
    {
        if (line is null)
        {
            return;
        }

        lastErrors.Enqueue(line);

        if (lastErrors.Count > 10)
        {
            lastErrors.Dequeue();
        }

        options.OnStandardError?.Invoke(line);
    }
}
