using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Ringfence.Agent.Tools;

/// <summary>
/// One command line in a session of its own. Its output goes straight into a file, so that nothing is lost, nothing has to be pumped, and a
/// grandchild that keeps the output open cannot hold us up.
/// </summary>
internal sealed partial class Shell : IDisposable
{
    // $0 output. For whoever makes the walls: it may have something to say where the command's own output goes.
    private const string Outside = """exec </dev/null >>"$0" 2>&1; exec "$@" """;

    // $1 output, $2 directory, $3 command, $4 where to write the directory at the end. The variable keeps its value whatever the command sets.
    private const string Wrapper =
        """
        exec </dev/null >"$1" 2>&1
        cd -- "$2" || exit 1
        __directory_file=$4
        trap 'pwd -P >"$__directory_file"' EXIT
        eval "$3"
        """;

    private const int KillSignal = 9;
    private const int TerminateSignal = 15;

    private readonly Process process;
    private readonly string directoryFile;

    private Shell(Process process, string output, string directoryFile)
    {
        (this.process, OutputFile, this.directoryFile) = (process, output, directoryFile);
    }

    public string OutputFile { get; }

    public bool HasExited => process.HasExited;

    public int? ExitCode => process.HasExited ? process.ExitCode : null;

    /// <param name="sandbox">Null runs the command with all the rights of this process.</param>
    public static Shell Start(string command, string output, Workplace work, CommandSandbox? sandbox)
    {
        var start = new ProcessStartInfo("setsid") { UseShellExecute = false, WorkingDirectory = "/" };
        var environment = work.Environment.Append(new("CLAUDECODE", "1")).Append(new("GIT_EDITOR", "true")).ToList();
        var walls = sandbox is null ? [] : (string[])[ShellPath, "-c", Outside, output, .. sandbox.Before(work, environment)];

        foreach (var argument in (string[])[.. walls, ShellPath, "-c", Wrapper, "ringfence-agent", output, work.Directory, command, output + ".cwd"])
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var name in Workplace.HiddenVariables)
        {
            start.Environment.Remove(name);
        }

        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return new Shell(Process.Start(start)!, output, output + ".cwd");
    }

    private static string ShellPath { get; } = File.Exists("/bin/bash") ? "/bin/bash" : "/bin/sh";

    public Task WaitAsync(CancellationToken cancellationToken) => process.WaitForExitAsync(cancellationToken);

    /// <summary>Where the command ended up; null when it did not say or the directory is gone.</summary>
    public string? LastDirectory()
    {
        try
        {
            var directory = File.ReadAllText(directoryFile).TrimEnd('\n');
            File.Delete(directoryFile);
            return Directory.Exists(directory) ? directory : null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Ends the whole session: asks first, and does not wait for an answer longer than <paramref name="grace"/>.</summary>
    public async Task StopAsync(TimeSpan grace, TimeProvider time)
    {
        _ = Kill(-process.Id, TerminateSignal);

        try
        {
            await process.WaitForExitAsync().WaitAsync(grace, time);
        }
        catch (TimeoutException)
        {
            // Did not listen; the next signal needs no listener.
        }

        Kill();
        await process.WaitForExitAsync();
    }

    /// <summary>Ends whatever is left of the session that a process began.</summary>
    public static void KillSession(int process) => _ = Kill(-process, KillSignal);

    public void Kill() => _ = Kill(-process.Id, KillSignal);

    public void Dispose() => process.Dispose();

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
