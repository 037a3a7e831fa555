using System.Globalization;
using Ringfence.Audit;
using Ringfence.Egress;
using Ringfence.Runs;
using Ringfence.Sandboxes;

namespace Ringfence.Bench.Sandboxes;

/// <summary>
/// This process is the supervisor: it records to a file and has the egress door open, as a run does. What must not grow with what happens inside is its own
/// resident memory and the monitor's, sampled while it happens.
/// </summary>
internal static class MemoryBenchmark
{
    private const string Executes = """
        import os, sys
        for i in range(int(sys.argv[1])):
            os.waitpid(os.posix_spawn('/bin/true', ['true', str(i)], {}), 0)
        """;

    private const string Connects = """
        import socket, sys, threading
        each = int(sys.argv[1]) // 20
        def flood(lane):
            for i in range(each):
                try:
                    with socket.create_connection(('203.0.113.%d' % (i % 250 + 1), 80), 10) as s:
                        s.sendall(b'GET / HTTP/1.1\\r\\nHost: denied.example\\r\\n\\r\\n')
                        s.recv(1000)
                except OSError: pass
        lanes = [threading.Thread(target=flood, args=(n,)) for n in range(20)]
        [t.start() for t in lanes]; [t.join() for t in lanes]
        """;

    public static async Task RunAsync(SandboxLauncher launcher, string root, int percent)
    {
        // What the first use of everything costs is no growth.
        await FloodAsync(launcher, root, Python(Connects, 200), 0);
        await FloodAsync(launcher, root, Python(Executes, 200), 0);

        await IdleAsync(launcher, root, 20);
        Console.WriteLine("\n| flood | recorded | supervisor MiB: before | most | after | monitor MiB: before | most |\n|---|---|---|---|---|---|---|");
        await ReportAsync("executions", Python(Executes, 1_000 * percent));
        await ReportAsync("connections, all refused", Python(Connects, 100 * percent));
        await ReportAsync("MiB of output", new SandboxSpec { Command = ["/usr/bin/head", "-c", $"{100L * percent}M", "/dev/zero"], Limits = new SandboxLimits { OutputBytes = 0 } });

        async Task ReportAsync(string what, SandboxSpec spec)
        {
            var flood = await FloodAsync(launcher, root, spec, percent);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {flood.Count:N0} {what} | {flood.Facts:N0} events | {flood.Before:F1} | {flood.Most:F1} | {flood.After:F1} | {flood.MonitorBefore:F1} | {flood.MonitorMost:F1} |"));
        }
    }

    private static SandboxSpec Python(string script, int count) => new()
    {
        Command = ["/usr/bin/python3", "-c", script, $"{count}"],
        Environment = new Dictionary<string, string> { ["PATH"] = "/usr/bin:/bin" },
    };

    private static async Task<Flood> FloodAsync(SandboxLauncher launcher, string root, SandboxSpec spec, int percent)
    {
        using var plan = (await EgressPlan.PrepareAsync(NetworkPolicy.DenyAll, UserSide.Current(), TimeProvider.System, default)).Value;
        var run = RunId.New(TimeProvider.System);
        var record = Path.Combine(root, $"{run}.jsonl");
        using var recorder = new JsonLinesRecorder(record, run, TimeProvider.System);
        using var done = new CancellationTokenSource();
        var before = Resident("self");
        await using var sandbox = (await launcher.StartAsync(spec with { Doors = SandboxDoors.Gateway | SandboxDoors.Egress }, "bench", recorder, default)).Value;
        await using var door = plan.Open(sandbox, recorder, TimeProvider.System);
        var monitorBefore = Resident($"{sandbox.MonitorProcess}");
        var sampling = SampleAsync(sandbox.MonitorProcess, done.Token);
        var output = await CountAsync(sandbox.StandardOutput);
        await sandbox.Completion;
        await done.CancelAsync();
        var (most, monitorMost) = await sampling;
        await recorder.FlushAsync(default);
        var facts = File.ReadLines(record).LongCount();
        File.Delete(record);
        return new Flood(output > 0 ? output >> 20 : percent == 0 ? 0 : long.Parse(spec.Command[^1], CultureInfo.InvariantCulture), facts, before, most, Resident("self"), monitorBefore, monitorMost);
    }

    private static async Task<(double Supervisor, double Monitor)> SampleAsync(int monitor, CancellationToken done)
    {
        var (most, monitorMost) = (0.0, 0.0);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));

        while (!done.IsCancellationRequested)
        {
            (most, monitorMost) = (Math.Max(most, Resident("self")), Math.Max(monitorMost, Resident($"{monitor}")));
            await timer.WaitForNextTickAsync(CancellationToken.None);
        }

        return (most, monitorMost);
    }

    private static async Task<long> CountAsync(Stream stream)
    {
        var buffer = new byte[64 << 10];
        var sum = 0L;

        while (await stream.ReadAsync(buffer) is > 0 and var count)
        {
            sum += count;
        }

        return sum;
    }

    /// <summary>What a run costs that does nothing: its processes beside the command, by their share of memory, and what it adds to the supervisor.</summary>
    private static async Task IdleAsync(SandboxLauncher launcher, string root, int runs)
    {
        using var plan = (await EgressPlan.PrepareAsync(NetworkPolicy.DenyAll, UserSide.Current(), TimeProvider.System, default)).Value;
        var (lower, sandboxes, doors) = (Directory.CreateDirectory(Path.Combine(root, "lower")).FullName, new List<Sandbox>(), new List<EgressDoor>());
        var own = Resident("self");

        for (var i = 0; i < runs; i++)
        {
            var recorder = new JsonLinesRecorder(Path.Combine(root, $"idle-{i}"), RunId.New(TimeProvider.System), TimeProvider.System);
            var spec = new SandboxSpec
            {
                Command = ["/bin/sleep", "1000"],
                Workspace = new WorkspaceMount(lower, Directory.CreateDirectory(Path.Combine(root, $"upper-{i}")).FullName),
                Doors = SandboxDoors.Gateway | SandboxDoors.Egress,
            };
            sandboxes.Add((await launcher.StartAsync(spec, "bench", recorder, default)).Value);
            doors.Add(plan.Open(sandboxes[^1], recorder, TimeProvider.System));
        }

        var added = (Resident("self") - own) / runs;
        var processes = sandboxes.Sum(s => Tree(s.MonitorProcess).Where(p => p != s.MonitorProcess && !IsCommand(p)).Append(s.MonitorProcess).Sum(Share)) / runs;
        Console.WriteLine("| one idle run, of 20 | MiB |\n|---|---|");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| added to the supervisor (resident) | {added:F2} |"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| monitor, first process, watcher of the disk (proportional share) | {processes:F2} |"));

        foreach (var (door, sandbox) in doors.Zip(sandboxes))
        {
            await door.DisposeAsync();
            await sandbox.DisposeAsync();
        }
    }

    private static bool IsCommand(int process) => File.ReadAllText($"/proc/{process}/comm").Trim() == "sleep";

    private static IEnumerable<int> Tree(int process)
    {
        var children = File.ReadAllText($"/proc/{process}/task/{process}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(c => int.Parse(c, CultureInfo.InvariantCulture));
        return children.SelectMany(c => Tree(c).Append(c));
    }

    private static double Share(int process) => Field($"/proc/{process}/smaps_rollup", "Pss:");

    private static double Resident(string process) => Field($"/proc/{process}/status", "VmRSS:");

    private static double Field(string file, string name)
    {
        try
        {
            var line = File.ReadLines(file).FirstOrDefault(l => l.StartsWith(name, StringComparison.Ordinal));
            return line is null ? 0 : double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
        }
        catch (IOException)
        {
            return 0; // It has ended.
        }
    }

    private sealed record Flood(long Count, long Facts, double Before, double Most, double After, double MonitorBefore, double MonitorMost);
}
