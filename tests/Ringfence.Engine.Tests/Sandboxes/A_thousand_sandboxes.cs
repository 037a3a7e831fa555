using System.Diagnostics;
using System.Globalization;
using Ringfence.Sandboxes;
using Xunit;

namespace Ringfence.Tests.Sandboxes;

/// <summary>T09. The whole thousand: <c>RINGFENCE_TEST_RUNS=1000</c>. One run in ten and more is killed with -9, whichever part of it and whenever.</summary>
public sealed class A_thousand_sandboxes
{
    private static readonly int Runs = int.Parse(Environment.GetEnvironmentVariable("RINGFENCE_TEST_RUNS") ?? "100", CultureInfo.InvariantCulture);

    [Fact]
    public async Task Leave_nothing_when_supervisors_monitors_and_launchers_are_killed_at_random_moments()
    {
        using var folder = new TrialFolder();
        var random = new Random(20261121);
        var (finished, killed) = (0, new Dictionary<string, int>(StringComparer.Ordinal));

        // All parts of a sandbox are this program until the command replaces it; under a name of its own it is told from everybody else's.
        var native = Path.Combine(folder.Path, $"rf-{Guid.NewGuid():N}");
        Executable.Copy(Trial.Native, native);
        var leftBehind = $"86397.{Environment.ProcessId}";
        var before = Leftovers.DeadControlGroups();

        // Chance decides how many are killed: it goes on until there are enough to say something.
        while (finished < Runs || killed.Values.Sum() < Runs / 20)
        {
            using var supervisor = Supervisor.Start(folder, native, leftBehind, Math.Max(Runs - finished, 20));

            while (await supervisor.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is not null)
            {
                finished++;

                if (random.Next(7) == 0)
                {
                    // Sandboxes live for some 30 ms and start at once after each other: any moment of their lives is met.
                    await Task.Delay(random.Next(40), TestContext.Current.CancellationToken);

                    // A supervisor that has ended may have given its number to somebody else; what it said before is still read.
                    var part = random.Next(3) > 0 ? PartOf(native, random) is { } process ? Leftovers.Kill(process) : null
                        : supervisor.HasExited ? null : Leftovers.Kill(supervisor.Id);

                    if (part is not null)
                    {
                        killed[part] = killed.GetValueOrDefault(part) + 1;
                    }
                }
            }

            await supervisor.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{finished} runs; killed: {string.Join(", ", killed.Select(k => $"{k.Value} × {(k.Key.StartsWith("rf-", StringComparison.Ordinal) ? "launcher, monitor or first process" : "supervisor")}"))}");

        // Those of the last ones that were killed die when the kernel gets round to it.
        await UntilAsync(() => Left().Count == 0, () => $"processes {string.Join(", ", Left())}");

        // What the dead leave for the next start is little, and it is taken then.
        Supervisor.Launcher(folder, native).Sweep();
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(folder.Path, "scratch")));
        Assert.DoesNotContain(File.ReadLines("/proc/self/mountinfo"), l => l.Contains(folder.Path, StringComparison.Ordinal));
        Assert.Empty(await Leftovers.ControlGroupsAsync(before));

        List<int> Left() => [.. PartsOf(native), .. Leftovers.Processes(leftBehind)];
    }

    private static int? PartOf(string native, Random random) => PartsOf(native) is { Count: > 0 } parts ? parts[random.Next(parts.Count)] : null;

    private static List<int> PartsOf(string native) =>
        [.. Leftovers.AllProcesses().Where(p => (Leftovers.Link(p, "exe") ?? "").EndsWith(Path.GetFileName(native), StringComparison.Ordinal))];
}

/// <summary>This test program, started again as a supervisor that has one sandbox after the other, and tells each that is over.</summary>
internal static class Supervisor
{
    public const string Variable = "RINGFENCE_TEST_SUPERVISOR";

    public static Process Start(TrialFolder folder, string native, string leftBehind, int runs) => Process.Start(new ProcessStartInfo("dotnet", [typeof(Supervisor).Assembly.Location])
    {
        RedirectStandardOutput = true,
        Environment = { ["DOTNET_STARTUP_HOOKS"] = typeof(Supervisor).Assembly.Location, [Variable] = $"{folder.Path}|{native}|{leftBehind}|{runs}" },
    })!;

    public static SandboxLauncher Launcher(TrialFolder folder, string native) => Launcher(folder.Path, native);

    public static async Task RunAsync(string arguments)
    {
        var (folder, native, leftBehind, runs) = arguments.Split('|') is [var f, var n, var l, var r] ? (f, n, l, int.Parse(r, CultureInfo.InvariantCulture)) : throw new ArgumentException(arguments);
        var launcher = Launcher(folder, native);
        launcher.Sweep();
        var lower = Directory.CreateDirectory(Path.Combine(folder, "lower")).FullName;

        for (var run = 0; run < runs; run++)
        {
            var upper = Directory.CreateDirectory(Path.Combine(folder, $"upper-{Environment.ProcessId}-{run}")).FullName;
            var spec = Trial.Shell($"for i in 1 2 3; do /bin/true; done; echo x > file; (setsid sleep {leftBehind} &) & sleep 0.005") with
            {
                Workspace = new WorkspaceMount(lower, upper),
                Doors = SandboxDoors.Gateway | SandboxDoors.Egress,
            };

            if ((await launcher.StartAsync(spec, "trial", new FactRecorder(), CancellationToken.None)).Succeeded(out var sandbox))
            {
                await using (sandbox)
                {
                    await sandbox.Completion;
                }
            }

            await Console.Out.WriteLineAsync($"{run}");
            await Console.Out.FlushAsync();
        }
    }

    private static SandboxLauncher Launcher(string folder, string native) =>
        new(native, Directory.CreateDirectory(Path.Combine(folder, "scratch")).FullName, TimeProvider.System);
}
