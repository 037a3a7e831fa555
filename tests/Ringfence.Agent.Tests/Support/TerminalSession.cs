using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;

namespace Ringfence.Tests.Support;

/// <summary>The real program on a real terminal, with a person's keys.</summary>
public sealed partial class TerminalSession : IAsyncDisposable
{
    public const int Width = 80;
    public const int Height = 24;

    private readonly StringBuilder seen = new();
    private readonly char[] buffer = new char[64 * 1024];
    private readonly Process process;
    private int understood;

    private TerminalSession(AgentProcess agent, Process process)
    {
        (Agent, this.process) = (agent, process);
    }

    public AgentProcess Agent { get; }

    /// <summary>All that the terminal was sent.</summary>
    public string Output => seen.ToString();

    /// <summary>What it shows, from the first line on.</summary>
    public string Shown
    {
        get
        {
            var terminal = new VirtualTerminal(Width, Height);
            terminal.Write(Output[(Output.IndexOf('\n') + 1)..]);
            return terminal.Text;
        }
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<TerminalSession> StartAsync(AgentProcess agent, string arguments = "")
    {
        agent.Environment.TryAdd("TERM", "xterm-256color");

        // The program script gives it a terminal; what comes to its own input is typed there.
        var command = $"tty; stty cols {Width} rows {Height}; exec dotnet '{AgentProcess.Executable}' {arguments}";
        var session = new TerminalSession(agent, Process.Start(agent.Prepare("script", ["-qec", command, "/dev/null"]))!);
        await session.SeesAsync("/help for help");
        return session;
    }

    public async Task TypeAsync(string keys)
    {
        await process.StandardInput.WriteAsync(keys);
        await process.StandardInput.FlushAsync(Cancel);
    }

    /// <summary>Waits until this has come after the last thing that was waited for: what one read brings may hold both.</summary>
    public async Task SeesAsync(string wanted)
    {
        for (; ; await ReadAsync(wanted))
        {
            var come = Output[understood..];
            var words = Escape().Replace(come, "");
            var at = words.IndexOf(wanted, StringComparison.Ordinal);

            if (at >= 0)
            {
                understood += Behind(come, at + wanted.Length);
                return;
            }
        }
    }

    /// <summary>Waits until its screen shows this.</summary>
    public async Task ShowsAsync(string wanted)
    {
        while (!Shown.Contains(wanted, StringComparison.Ordinal))
        {
            await ReadAsync(wanted);
        }
    }

    /// <summary>Where in the output its first characters end, sequences not counted.</summary>
    private static int Behind(string output, int characters)
    {
        var at = 0;

        foreach (var sequence in Escape().EnumerateMatches(output))
        {
            if (sequence.Index - at >= characters)
            {
                break;
            }

            characters -= sequence.Index - at;
            at = sequence.Index + sequence.Length;
        }

        return at + characters;
    }

    private async Task ReadAsync(string wanted)
    {
        try
        {
            var count = await process.StandardOutput.ReadAsync(buffer, Cancel);
            Assert.True(count > 0, $"It ended without '{wanted}':\n{Shown}");
            seen.Append(buffer, 0, count);
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"It did not come to '{wanted}':\n{Shown}");
        }
    }

    public async Task<int> EndAsync()
    {
        await TypeAsync("\x4");
        await SeesAsync("Go on with");
        await process.WaitForExitAsync(Cancel);
        return process.ExitCode;
    }

    public async Task ResizeAsync(int columns)
    {
        using var stty = Process.Start("stty", ["-F", Output[..Output.IndexOf('\r')], "cols", $"{columns}"]);
        await stty.WaitForExitAsync(Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync(CancellationToken.None);
        process.Dispose();
        await Agent.DisposeAsync();
    }

    [GeneratedRegex(@"\e\[[0-9;?<>=]*[A-Za-z]|\e\][^\e]*\e\\")]
    private static partial Regex Escape();
}
