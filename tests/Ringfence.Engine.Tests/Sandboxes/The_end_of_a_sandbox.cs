using System.Diagnostics;
using Ringfence.Audit;
using Ringfence.Sandboxes;
using Xunit;

namespace Ringfence.Tests.Sandboxes;

public sealed class The_end_of_a_sandbox
{
    // Starts the launcher as the supervisor does and follows it; then it is killed.
    private const string Supervisor = """
        import os, socket, subprocess, sys
        native, frame, folder = sys.argv[1:]
        listener = socket.socket(socket.AF_UNIX)
        os.chdir(folder)
        listener.bind('control')
        listener.listen(1)
        subprocess.Popen([native, 'control'], env={}, stdin=subprocess.DEVNULL)
        connection, _ = listener.accept()
        connection.sendall(open(frame, 'rb').read())
        while connection.recv(65536): pass
        """;

    [Theory]
    [InlineData("T01 double fork", "(sleep 1000 &) &")]
    [InlineData("T02 new session", "setsid nohup sleep 1000 >/dev/null 2>&1 &")]
    [InlineData("T03 deaf to signals", "(trap '' TERM INT HUP QUIT; while :; do sleep 1000; done) &")]
    [InlineData("T05 waits on a pipe", "mkfifo /tmp/p; cat /tmp/p & (echo > /tmp/q) & mkfifo /tmp/q")]
    [InlineData("T06 stopped", "sleep 1000 & kill -STOP $!")]
    [InlineData("T11 holds the workspace open", "exec 9>/workspace/held; sleep 1000 <&9 &")]
    public async Task Takes_what_a_command_left_behind(string what, string script)
    {
        using var folder = new TrialFolder();
        var spec = Trial.Shell($"{script}\nsleep 0; exit 0") with { Workspace = new WorkspaceMount(folder.Below("lower"), folder.Below("upper")) };

        var trial = await Trial.RunAsync(spec);

        Assert.True(trial.Exit is SandboxExit.Exited { Code: 0 }, $"{what}: {trial.Exit}");
        Assert.Empty(await Leftovers.FindAsync(trial.Facts));
    }

    [Fact]
    public async Task T07_comes_with_the_death_of_the_monitor()
    {
        using var folder = new TrialFolder();
        var recorder = new FactRecorder();
        var started = await Trial.Launcher(folder).StartAsync(Trial.Shell("trap '' TERM; echo up; sleep 1000"), "orphan", recorder, TestContext.Current.CancellationToken);
        await using var sandbox = started.Value;
        await sandbox.StandardOutput.ReadExactlyAsync(new byte[3], TestContext.Current.CancellationToken);

        Process.GetProcessById(sandbox.MonitorProcess).Kill();

        Assert.Equal("monitor lost", Assert.IsType<SandboxExit.Killed>(await sandbox.Completion).By);
        Assert.Equal(0, await sandbox.StandardOutput.ReadAsync(new byte[1], TestContext.Current.CancellationToken));
        Assert.Empty(await Leftovers.FindAsync(recorder.Facts));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(folder.Path, "scratch")));
    }

    [Fact]
    public async Task T08_comes_with_the_death_of_the_supervisor()
    {
        using var folder = new TrialFolder();
        var frame = Path.Combine(folder.Path, "frame");
        await File.WriteAllBytesAsync(
            frame, SandboxArguments.Frame(SandboxArguments.For(Trial.Shell("trap '' TERM; echo up; sleep 1000"), "orphan")), TestContext.Current.CancellationToken);
        var start = new ProcessStartInfo("/usr/bin/python3", ["-c", Supervisor, Trial.Native, frame, folder.Below("work")]) { RedirectStandardOutput = true };
        using var supervisor = Process.Start(start)!;
        Assert.Equal("up", await supervisor.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));

        supervisor.Kill();

        // The pipe ends when the last process that held it is gone.
        Assert.Equal("", await supervisor.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Is_cleaned_up_by_the_next_start_after_a_power_cut()
    {
        using var folder = new TrialFolder();
        var launcher = Trial.Launcher(folder);
        using var living = ScratchFolder.Create(folder.Below("scratch"), "living");
        ScratchFolder.Create(folder.Below("scratch"), "dead").Dispose();

        // By a process of its own: a file that this one had open is locked for as long as a child has it that another test is just starting.
        Workspaces.Shell.Run(folder.Below("scratch/dead"), "touch lock");

        Assert.True(launcher.Sweep() >= 1);

        Assert.Equal(["living"], Directory.EnumerateDirectories(Path.Combine(folder.Path, "scratch")).Select(Path.GetFileName));
    }

    [Fact]
    public async Task Is_cancelled_before_the_command_runs()
    {
        using var folder = new TrialFolder();
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => Trial.Launcher(folder).StartAsync(Trial.Shell("sleep 1000"), "cancelled", new FactRecorder(), cancelled.Token));

        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(folder.Path, "scratch")));
    }
}

/// <summary>What is on the machine after a sandbox has ended and should not be.</summary>
internal static class Leftovers
{
    /// <summary>What stays: the dead need a moment to go, and their numbers may have been given to other sandboxes, which go too.</summary>
    public static Task<IReadOnlyList<string>> FindAsync(IReadOnlyList<AuditFact> facts) => StaysAsync(() =>
    [
        .. facts.OfType<CommandStarted>().Select(c => c.Pid).Distinct().Where(IsInASandbox).Select(p => $"process {p}"),
        .. File.ReadLines("/proc/self/mountinfo").Where(l => l.Contains("rf-sandbox-test", StringComparison.Ordinal)),
    ]);

    /// <summary>Processes with an argument that only one test gives.</summary>
    public static IReadOnlyList<int> Processes(string argument) => [.. AllProcesses().Where(p => Arguments(p).Contains(argument))];

    public static IEnumerable<int> AllProcesses() =>
        Directory.EnumerateDirectories("/proc").Select(Path.GetFileName).Where(n => int.TryParse(n, out _)).Select(n => int.Parse(n!, System.Globalization.CultureInfo.InvariantCulture));

    /// <summary>With -9. Its name; null when it was faster.</summary>
    public static string? Kill(int process)
    {
        // To the kernel, 0 is every process of our own group.
        ArgumentOutOfRangeException.ThrowIfLessThan(process, 2);

        try
        {
            using var found = Process.GetProcessById(process);
            var name = found.ProcessName;
            found.Kill();
            return name;
        }
        catch (Exception gone) when (gone is ArgumentException or System.ComponentModel.Win32Exception or InvalidOperationException)
        {
            return null;
        }
    }

    public static string? Link(int process, string name)
    {
        try
        {
            return new FileInfo($"/proc/{process}/{name}").LinkTarget;
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Groups whose monitor is dead and that stay; not those that were there before.</summary>
    public static Task<IReadOnlyList<string>> ControlGroupsAsync(IReadOnlySet<string> before) => StaysAsync(() => DeadControlGroups().Except(before));

    /// <summary>Groups whose monitor is dead: those of sandboxes that end at this moment, and those that others left behind.</summary>
    public static IReadOnlySet<string> DeadControlGroups() =>
        All("ringfence.*").Where(g => Path.GetFileName(g).Split('.') is [_, var process, var started] && ProcessStart.Of(process) != started).ToHashSet(StringComparer.Ordinal);

    public static IEnumerable<string> ControlGroupsOf(int monitor) => All($"ringfence.{monitor}.*");

    /// <summary>What is there each time for a minute: others come and go beside these tests.</summary>
    private static async Task<IReadOnlyList<string>> StaysAsync(Func<IEnumerable<string>> found)
    {
        var began = TimeProvider.System.GetTimestamp();
        List<string> stays = [.. found()];

        while (stays.Count > 0 && TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromMinutes(1))
        {
            await Task.Delay(50, TestContext.Current.CancellationToken);
            stays = [.. stays.Intersect(found())];
        }

        return stays;
    }

    private static IReadOnlyList<string> All(string name)
    {
        for (var tries = 0; ; tries++)
        {
            try
            {
                return [.. Directory.EnumerateDirectories("/sys/fs/cgroup", name, new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 4 })];
            }
            catch (IOException) when (tries < 100)
            {
                // A folder that is read at this moment may be removed at this moment.
            }
        }
    }

    private static string[] Arguments(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/cmdline").Split('\0');
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    // A process number may have been given to somebody else by now; only one with a root of its own is ours.
    private static bool IsInASandbox(int process) =>
        Link(process, "ns/user") is { } space && space != new FileInfo("/proc/self/ns/user").LinkTarget;
}
