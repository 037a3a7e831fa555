using System.Diagnostics;
using System.Globalization;
using Ringfence;
using Ringfence.Outputs;
using Ringfence.Runs;
using Ringfence.Workspaces;

// Prints one Markdown table: each step's median over some rounds, for a repository of the given number of files (default 50,000) of which the
// "agent" changed 20, and what git takes for the same question in the same repository, in the same run.
var files = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 50_000;
const int rounds = 9;
var root = Directory.CreateTempSubdirectory("ringfence-bench-").FullName;

try
{
    var repository = Path.Combine(root, "repo");
    Directory.CreateDirectory(repository);

    for (var i = 0; i < files; i++)
    {
        var folder = Path.Combine(repository, $"d{i / 1000}", $"s{i / 50 % 20}");
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, $"f{i}.cs"), $"class C{i};\n");
    }

    Run(repository, "git", "init", "-q", ".");
    Run(repository, "git", "add", ".");
    Run(repository, "git", "-c", "user.name=b", "-c", "user.email=b@example.com", "-c", "commit.gpgSign=false", "commit", "-qm", "base");

    var store = new WorkspaceStore(Path.Combine(root, "home"), TimeProvider.System);
    var times = new Dictionary<string, List<double>>();
    Workspace? workspace = null;
    ChangeSet? changes = null;

    await Time("prepare, first run of a commit", async () => workspace = (await Prepare()).Value);

    for (var round = 0; round < rounds; round++)
    {
        await Time("prepare, again", async () => workspace = (await Prepare()).Value);

        for (var i = 0; i < 20; i++)
        {
            var folder = Path.Combine(workspace!.Mount.Upper!, $"d{i}", "s3");
            Directory.CreateDirectory(folder);
            File.WriteAllText(Path.Combine(folder, i % 2 == 0 ? $"new{i}.cs" : $"f{(i * 1000) + 150}.cs"), $"class Changed{i}{round};\n");
        }

        await Time("collect 20 changed files", async () => changes = (await workspace!.CollectAsync(default)).Value);
        await Time("check out for verification", async () => _ = (await workspace!.CheckOutAsync(changes!, default)).Value);
        await Time("publish a branch", async () => _ = (await BranchOutput.PublishAsync(workspace!, changes!, new("x", null, []), default)).Value);
        await Time("git status", () => Task.Run(() => Run(repository, "git", "status", "--porcelain")));
        await Time("git --version (one process)", () => Task.Run(() => Run(repository, "git", "--version")));
    }

    workspace = (await Prepare()).Value;

    for (var i = 0; i < 100_000; i++)
    {
        var folder = Path.Combine(workspace.Mount.Upper!, $"many{i / 1000}");
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, $"f{i}.txt"), $"line {i}\n");
    }

    GC.Collect();
    var (cpu, memory) = (Environment.CpuUsage.TotalTime, Process.GetCurrentProcess().WorkingSet64);
    await Time("collect 100,000 new files", async () => changes = (await workspace.CollectAsync(default)).Value);
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
        $"100,000 new files: {changes!.Files.Count:N0} collected, {(Environment.CpuUsage.TotalTime - cpu).TotalSeconds:F1} s of our own processor time, {(Process.GetCurrentProcess().PeakWorkingSet64 - memory) >> 20} MiB more memory at most\n"));

    await Time("git worktree add", () => Task.Run(() => Run(repository, "git", "worktree", "add", "-q", "--detach", Path.Combine(root, "tree"))));

    Console.WriteLine($"| step, {files:N0} files | median ms | min | max |\n|---|---|---|---|");

    foreach (var (what, all) in times)
    {
        var sorted = all.Order().ToList();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {what} | {sorted[sorted.Count / 2]:F1} | {sorted[0]:F1} | {sorted[^1]:F1} |"));
    }

    async Task Time(string what, Func<Task> action)
    {
        var start = Stopwatch.GetTimestamp();
        await action();
        times.TryAdd(what, []);
        times[what].Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
    }

    Task<Result<Workspace>> Prepare() => store.PrepareAsync(RunId.New(TimeProvider.System), repository, null, null, default);
}
finally
{
    Directory.Delete(root, recursive: true);
}

static void Run(string folder, string executable, params string[] arguments)
{
    using var process = Process.Start(new ProcessStartInfo(executable, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true })!;
    process.StandardOutput.ReadToEnd();
    process.WaitForExit();
}
