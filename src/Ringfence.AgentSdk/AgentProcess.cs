using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Threading.Channels;

namespace Ringfence.AgentSdk;

/// <summary>The agent's process: its start, its words of complaint, its end.</summary>
internal sealed class AgentProcess : IAsyncDisposable
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(3);

    /// <summary>For the end of an agent whose output has ended: something that it began may go on, and hold its standard error open.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Process process;
    private readonly AgentOptions options;
    private readonly Queue<string> lastErrors = new();
    private readonly ControlConnection connection;

    private AgentProcess(Process process, AgentOptions options)
    {
        (this.process, this.options) = (process, options);
        process.ErrorDataReceived += (_, e) => Complained(e.Data);
        process.BeginErrorReadLine();
        connection = new ControlConnection(process.StandardOutput, process.StandardInput, (request, stop) => AgentRequests.AnswerAsync(options, request, stop), GoneAsync);
    }

    public ChannelReader<JsonObject> Messages => connection.Messages;

    /// <summary>What the agent said of itself at the start.</summary>
    public JsonObject Described { get; private set; } = [];

    /// <exception cref="AgentException">It cannot be started, or does not speak the protocol.</exception>
    public static async Task<AgentProcess> StartAsync(AgentOptions options, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(options.Command[0], [.. options.Command.Skip(1), .. AgentArguments.Of(options)])
        {
            WorkingDirectory = options.WorkingDirectory ?? "", UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };

        start.Environment["CLAUDE_CODE_ENTRYPOINT"] = "sdk-dotnet";

        if (options.FileCheckpoints)
        {
            start.Environment["CLAUDE_CODE_ENABLE_SDK_FILE_CHECKPOINTING"] = "true";
        }

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
            agent.Described = await agent.AskAsync(AgentBeginning.Initialize(options), cancellationToken);
            return agent;
        }
        catch
        {
            await agent.DisposeAsync();
            throw;
        }
    }

    /// <param name="id">Names the prompt, to go back to it.</param>
    public Task SendAsync(JsonNode content, Guid id, CancellationToken cancellationToken) => connection.WriteAsync(new JsonObject
    {
        ["type"] = "user", ["message"] = new JsonObject { ["role"] = "user", ["content"] = content }, ["parent_tool_use_id"] = null, ["session_id"] = "", ["uuid"] = id.ToString(),
    }, cancellationToken);

    /// <exception cref="AgentException">The agent refused, or is gone.</exception>
    public Task<JsonObject> AskAsync(JsonObject request, CancellationToken cancellationToken) => connection.AskAsync(request, cancellationToken);

    /// <summary>Says how it ended, and of what it complained last. Its output ends before it has, and before its last words are here.</summary>
    public async Task<AgentException> GoneAsync()
    {
        await Task.WhenAny(process.WaitForExitAsync(), Task.Delay(Patience));

        lock (lastErrors)
        {
            return new($"The agent has ended (exit code {(process.HasExited ? process.ExitCode : -1)}). {string.Join('\n', lastErrors)}");
        }
    }

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

        await connection.Reading;
        process.Dispose();
        connection.Dispose();
    }

    private void Complained(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (lastErrors)
        {
            lastErrors.Enqueue(line);

            if (lastErrors.Count > 10)
            {
                lastErrors.Dequeue();
            }
        }

        options.OnStandardError?.Invoke(line);
    }
}
