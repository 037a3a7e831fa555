using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;
using Ringfence.Agent.Tools;

namespace Ringfence.Agent.Execution.Mcp;

/// <summary>A tool server in a process of its own: its messages, its last words, its end.</summary>
internal sealed class McpProcess : IAsyncDisposable
{
    private const int WordsKept = 500;
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private readonly Process process;
    private readonly StringBuilder said = new();
    private readonly Task listening;

    private McpProcess(Process process)
    {
        this.process = process;
        Transport = new StreamClientTransport(process.StandardInput.BaseStream, new MessageLimit(process.StandardOutput.BaseStream));
        listening = ListenAsync();
    }

    public IClientTransport Transport { get; }

    /// <exception cref="Win32Exception">There is no such program, or it cannot be started.</exception>
    public static McpProcess Start(McpServerConfig config, string directory)
    {
        var start = new ProcessStartInfo(config.Command!, config.Arguments)
        {
            WorkingDirectory = directory, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };

        foreach (var name in Workplace.HiddenVariables)
        {
            start.Environment.Remove(name);
        }

        foreach (var (name, value) in config.Environment)
        {
            start.Environment[name] = value;
        }

        return new McpProcess(Process.Start(start)!);
    }

    /// <summary>Once its output has ended: with which code it ended, and what it wrote to standard error last. Null while it goes on.</summary>
    public async Task<string?> EndingAsync()
    {
        // Its pipes are closed a moment before it can be waited for.
        await Task.WhenAny(Task.WhenAll(process.WaitForExitAsync(), listening), Task.Delay(Patience));

        if (!process.HasExited)
        {
            return null;
        }

        lock (said)
        {
            return $"it ended with exit code {process.ExitCode}{(said.Length == 0 ? "" : ": " + said.ToString().Trim())}";
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            // The protocol's way to say good-bye; one that does not listen is ended with all that it began.
            process.StandardInput.Close();
            await process.WaitForExitAsync().WaitAsync(Grace);
        }
        catch (Exception e) when (e is IOException or TimeoutException or InvalidOperationException)
        {
        }

        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception)
        {
            // It has ended by itself.
        }

        process.Dispose();
    }

    private async Task ListenAsync()
    {
        var buffer = new char[4096];

        try
        {
            while (await process.StandardError.ReadAsync(buffer) is > 0 and var read)
            {
                lock (said)
                {
                    said.Append(buffer, 0, read).Remove(0, Math.Max(0, said.Length - WordsKept));
                }
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // It was ended while it spoke.
        }
    }
}
