using System.Diagnostics;
using System.Globalization;
using Ringfence.Audit;
using Ringfence.Sandboxes;
using Ringfence.Workspaces;

namespace Ringfence.Bench.Sandboxes;

/// <summary>Each sandbox stands beside the same work done without one, in the same run: on a busy machine only ratios mean something.</summary>
internal static class SpeedBenchmark
{
    private const int Files = 50_000;
    private const int Few = 20;
    private const string Loop = "i=0; while [ $i -lt 1000 ]; do /bin/true; i=$((i+1)); done";

    public static async Task RunAsync(SandboxLauncher launcher, string root, int rounds)
    {
        var (lower, upper) = (Fill(Path.Combine(root, "base"), Files, inFolder: 100), Directory.CreateDirectory(Path.Combine(root, "upper")).FullName);
        var few = Fill(Path.Combine(root, "few"), Few, inFolder: 4);
        var times = new SortedDictionary<string, List<double>>(StringComparer.Ordinal);

        for (var round = 0; round < rounds; round++)
        {
            await Time("1 host: start and end /bin/true", () => Host("/bin/true"));
            await Time("1 sandbox: start and end /bin/true", () => Inside(new SandboxSpec { Command = ["/bin/true"] }));

            var full = new SandboxSpec
            {
                Command = ["/bin/sleep", "1000"],
                Workspace = new WorkspaceMount(lower, upper),
                Doors = SandboxDoors.Gateway | SandboxDoors.Egress,
            };
            Sandbox? sandbox = null;
            await Time($"2 sandbox: start with {Files:N0} files below, both doors, record, limits", async () => sandbox = (await launcher.StartAsync(full, "bench", new NoRecord(), default)).Value);
            await Time("3 sandbox: kill to nothing left", () => sandbox!.DisposeAsync().AsTask());
            await Time($"5 list of changes, {Few} changed files in a tree of {Files:N0}", () => List(new WorkspaceMount(lower, few)));
            await Time($"6 list of changes, {Files:N0} changed files", () => List(new WorkspaceMount(lower, lower)));
        }

        for (var round = 0; round < Math.Max(3, rounds / 6); round++)
        {
            await Time("4 host: a shell that forks and executes 1,000 times", () => Host("/bin/sh", "-c", Loop));
            await Time("4 sandbox: the same, recorded", () => Inside(new SandboxSpec { Command = ["/bin/sh", "-c", Loop] }));
        }

        Console.WriteLine("| what | median ms | min | p99 |\n|---|---|---|---|");

        foreach (var (what, all) in times)
        {
            all.Sort();
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"| {what[2..]} | {all[all.Count / 2]:F1} | {all[0]:F1} | {all[Math.Min(all.Count - 1, all.Count * 99 / 100)]:F1} |"));
        }

        async Task Time(string what, Func<Task> action)
        {
            var watch = Stopwatch.StartNew();
            await action();
            (times.TryGetValue(what, out var list) ? list : times[what] = []).Add(watch.Elapsed.TotalMilliseconds);
        }

        async Task Inside(SandboxSpec spec)
        {
            await using var sandbox = (await launcher.StartAsync(spec, "bench", new NoRecord(), default)).Value;
            await sandbox.Completion;
        }
    }

    private static async Task Host(params string[] command)
    {
        using var process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true })!;
        await process.WaitForExitAsync();
    }

    private static Task<int> List(WorkspaceMount mount) => Task.Run(() => WorkspaceChanges.Walk(mount).Count());

    private static string Fill(string folder, int files, int inFolder)
    {
        for (var i = 0; i < files; i++)
        {
            if (i % inFolder == 0)
            {
                Directory.CreateDirectory(Path.Combine(folder, $"{i / inFolder}"));
            }

            File.WriteAllText(Path.Combine(folder, $"{i / inFolder}", $"{i}"), "");
        }

        return folder;
    }

    /// <summary>Takes facts and keeps none, so that only the sandbox is measured.</summary>
    private sealed class NoRecord : IRecorder
    {
        private long count;

        public long Append(AuditFact fact) => Interlocked.Increment(ref count);

        public ValueTask FlushAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public string Keep(ReadOnlySpan<byte> content) => "";
    }
}
