using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Ringfence.Processes;

/// <summary>What to start: never a shell line, and the whole environment, of which nothing is inherited.</summary>
public sealed record ChildCommand(string Executable, IReadOnlyList<string> Arguments, IReadOnlyDictionary<string, string> Environment)
{
    /// <summary>Null is the folder of this process.</summary>
    public string? WorkingDirectory { get; init; }
}

/// <summary>How a process ended.</summary>
/// <param name="Code">Exit code; 128 and the signal's number when a signal ended it.</param>
/// <param name="Error">The end of standard error, at most 16 KiB.</param>
public sealed record ChildEnd(int Code, string Error);

/// <summary>
/// A helper process on the host, such as git: bytes in, bytes out, and an end. Disposing it ends its whole tree, so that no reader that
/// gives up leaves a writer behind. Agents are not started here: they belong into a sandbox.
/// </summary>
public sealed class ChildProcess : IAsyncDisposable
{
    private const int ErrorTailChars = 16 * 1024;
    private readonly Process process;
    private readonly Task<string> error;

    private ChildProcess(Process process, IProgress<string>? errorLines)
    {
        this.process = process;
        error = ReadErrorAsync(process.StandardError, errorLines);
    }

    /// <summary>Standard input. Close it where the program waits for its end; a write to a program that has gone throws <see cref="IOException"/>.</summary>
    public Stream Input => process.StandardInput.BaseStream;

    public Stream Output => process.StandardOutput.BaseStream;

    /// <summary>Fails with <c>program_missing</c> when the executable is not there or may not be executed.</summary>
    /// <param name="errorLines">Told of every line and carriage-return update on standard error.</param>
    public static Result<ChildProcess> Start(ChildCommand command, IProgress<string>? errorLines = null)
    {
        var start = new ProcessStartInfo(command.Executable, command.Arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = command.WorkingDirectory ?? "",
        };

        start.Environment.Clear();

        foreach (var (name, value) in command.Environment)
        {
            start.Environment[name] = value;
        }

        try
        {
            return new ChildProcess(Process.Start(start)!, errorLines);
        }
        catch (Win32Exception refused)
        {
            return new Failure("program_missing", $"{command.Executable} cannot be started: {refused.Message}.");
        }
    }

    public bool HasEnded => process.HasExited;

    /// <summary>Closes standard input and waits for the end. Read <see cref="Output"/> to its end first, or the program may wait for a reader.</summary>
    public async Task<ChildEnd> WaitAsync(CancellationToken cancellationToken)
    {
        try
        {
            Input.Close();
        }
        catch (IOException)
        {
            // It has gone without reading what was still buffered; its exit code says why.
        }

        await process.WaitForExitAsync(cancellationToken);
        return new ChildEnd(process.ExitCode, await error.WaitAsync(cancellationToken));
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

    private static async Task<string> ReadErrorAsync(StreamReader reader, IProgress<string>? lines)
    {
        var tail = new StringBuilder();
        var line = new StringBuilder();
        var buffer = new char[4096];

        try
        {
            for (int read; (read = await reader.ReadAsync(buffer)) > 0;)
            {
                tail.Append(buffer, 0, read);
                tail.Remove(0, Math.Max(0, tail.Length - ErrorTailChars));

                foreach (var c in buffer.AsSpan(0, read))
                {
                    if (c is '\n' or '\r')
                    {
                        lines?.Report(line.ToString());
                        line.Clear();
                    }
                    else if (line.Length < 1024)
                    {
                        line.Append(c);
                    }
                }
            }
        }
        catch (Exception gone) when (gone is ObjectDisposedException or IOException)
        {
            // Disposed while reading: nobody asks for the text any more.
        }

        return tail.ToString();
    }
}
