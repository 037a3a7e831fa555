using System.Diagnostics;
using System.Text;
using System.Threading.Channels;

namespace Ringfence.Acceptance;

/// <summary>How a program ended and what it printed.</summary>
internal sealed record CliResult(int ExitCode, string Output, string Error)
{
    public string[] Lines => field ??= Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>For messages of failed assertions: everything there is to know.</summary>
    public override string ToString() => $"exit code {ExitCode}\n--- output\n{Output}\n--- error\n{Error}";
}

/// <summary>A program that is running. Disposing it kills it.</summary>
internal sealed class Cli : IAsyncDisposable
{
    private readonly Process process;
    private readonly StringBuilder output = new();
    private readonly StringBuilder error = new();
    private readonly Channel<string> lines = Channel.CreateUnbounded<string>();
    private readonly Task reading;

    private Cli(Process process)
    {
        this.process = process;
        reading = ReadAllAsync();
    }

    public int Id => process.Id;

    /// <param name="input">Written to standard input, which is then closed; null leaves it open until this is disposed.</param>
    public static Cli Start(string program, IEnumerable<string> arguments, string folder, IReadOnlyDictionary<string, string> environment, string? input = "")
    {
        // Whoever started these tests in the background of a shell had them ignore SIGINT, and so their children.
        var start = new ProcessStartInfo("env", ["--default-signal", program, .. arguments])
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Clear();

        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        var cli = new Cli(Process.Start(start)!);

        if (input is not null)
        {
            cli.process.StandardInput.Write(input);
            cli.process.StandardInput.Close();
        }

        return cli;
    }

    /// <summary>The next line on either stream. Fails when the program ends without.</summary>
    public async Task<string> LineAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await WithinPatienceAsync(lines.Reader.ReadAsync(cancellationToken).AsTask(), "another line", cancellationToken);
        }
        catch (ChannelClosedException)
        {
            throw new InvalidOperationException($"The program ended without another line.\n{await EndsAsync(cancellationToken)}");
        }
    }

    /// <summary>Returns when a line on either stream contains the text. Fails when the program ends without.</summary>
    public async Task SeesAsync(string text, CancellationToken cancellationToken)
    {
        if (!await WithinPatienceAsync(FindAsync(), $"a line that contains '{text}'", cancellationToken))
        {
            throw new InvalidOperationException($"The program ended without a line that contains '{text}'.\n{await EndsAsync(cancellationToken)}");
        }

        async Task<bool> FindAsync()
        {
            await foreach (var line in lines.Reader.ReadAllAsync(cancellationToken))
            {
                if (line.Contains(text, StringComparison.Ordinal))
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>Sends a signal by name (INT, TERM, KILL) to this process alone, as a terminal or another user would.</summary>
    public void Signal(string name)
    {
        using var kill = Process.Start("/bin/sh", ["-c", $"kill -{name} {process.Id}"]);
        kill.WaitForExit();
    }

    public async Task<CliResult> EndsAsync(CancellationToken cancellationToken)
    {
        await WithinPatienceAsync(EndedAsync(), "its end", cancellationToken);
        return new CliResult(process.ExitCode, output.ToString(), error.ToString());

        async Task<bool> EndedAsync()
        {
            await process.WaitForExitAsync(cancellationToken);
            await reading.WaitAsync(cancellationToken);
            return true;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
        }

        process.Dispose();
    }

    /// <summary>Waits a little less than a test may take, so that what hangs is told with all that it has printed.</summary>
    private async Task<T> WithinPatienceAsync<T>(Task<T> waiting, string what, CancellationToken cancellationToken)
    {
        try
        {
            return await waiting.WaitAsync(TimeSpan.FromMilliseconds(Patience * 0.8), cancellationToken);
        }
        catch (TimeoutException)
        {
            lock (output)
            {
                throw new TimeoutException($"{process.StartInfo.FileName} {string.Join(' ', process.StartInfo.ArgumentList)} did not come to {what}.\n--- output\n{output}\n--- error\n{error}");
            }
        }
    }

    private async Task ReadAllAsync()
    {
        await Task.WhenAll(ReadAsync(process.StandardOutput, output), ReadAsync(process.StandardError, error));
        lines.Writer.Complete();
    }

    private async Task ReadAsync(StreamReader reader, StringBuilder all)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            lock (output)
            {
                all.Append(line).Append('\n');
            }

            lines.Writer.TryWrite(line);
        }
    }
}
