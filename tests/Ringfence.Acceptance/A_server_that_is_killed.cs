using System.Globalization;
using System.Text.Json.Nodes;
using Ringfence.Tests.Storage;
using Xunit;

[assembly: AssemblyFixture(typeof(PostgresCluster))]

namespace Ringfence.Acceptance;

/// <summary>
/// What was accepted is done, once, whatever becomes of the process that took it up. <c>RINGFENCE_KILLS=100</c> makes the random part as long as
/// one likes.
/// </summary>
public sealed class A_server_that_is_killed(PostgresCluster postgres)
{
    private static readonly int Kills = int.Parse(Environment.GetEnvironmentVariable("RINGFENCE_KILLS") ?? "3", CultureInfo.InvariantCulture);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact(Timeout = 3_600_000)]
    public async Task At_random_moments_loses_no_run_and_publishes_each_once()
    {
        await using var ringfence = await RunningRingfence.StartAsync(ManyRuns);
        await ringfence.CommitAsync(("README.md", "# A project\n"));
        var random = new Random(4711);
        var server = await RunningServer.StartAsync(ringfence, null, "--max-runs", "3", "--max-runs-per-repo", "3");
        var runs = new List<string>();

        for (var kill = 0; kill < Kills; kill++)
        {
            runs.Add(await server.RunAsync(ringfence));
            runs.Add(await server.RunAsync(ringfence));

            // A moment that differs each time: after so many events of the newest run.
            await SeesEventsAsync(server, runs[^1], random.Next(1, 45));
            server.Process.Signal("KILL");
            await server.Process.EndsAsync(Cancel);
            await server.Process.DisposeAsync();
            server = await RunningServer.StartAsync(ringfence, server.Key, "--max-runs", "3", "--max-runs-per-repo", "3");
        }

        await using (server)
        {
            await EndWellAsync(ringfence, server, runs);
        }

        // What the dead servers left dies when the kernel gets round to it.
        await RunningRingfence.NoneStaysAsync(ringfence.Home);
    }

    [Fact(Timeout = Patience)]
    public async Task Beside_a_replica_on_PostgreSQL_leaves_its_runs_to_that()
    {
        Assert.SkipWhen(postgres.Missing is not null, postgres.Missing ?? "");
        await using var ringfence = await RunningRingfence.StartAsync(ManyRuns);
        await ringfence.CommitAsync(("README.md", "# A project\n"));
        string[] store = ["--database", await postgres.NewDatabaseAsync(), "--max-runs", "2", "--max-runs-per-repo", "4"];
        var first = await RunningServer.StartAsync(ringfence, null, store);
        await using var second = await RunningServer.StartAsync(ringfence, first.Key, store);

        var runs = new List<string>();

        for (var i = 0; i < 6; i++)
        {
            runs.Add(await (i % 2 == 0 ? first : second).RunAsync(ringfence));
        }

        await second.SeesAsync(runs[0], "model.response");
        first.Process.Signal("KILL");
        await first.Process.EndsAsync(Cancel);
        await first.Process.DisposeAsync();

        await EndWellAsync(ringfence, second, runs, store[..2]);
    }

    [Fact(Timeout = Patience)]
    public async Task Goes_on_from_the_checks_when_the_agent_had_ended()
    {
        await using var ringfence = await RunningRingfence.StartAsync(Scripts.Writes("hello"));
        await ringfence.CommitAsync(("README.md", "# A project\n"), ("gate", "shut\n"));
        var server = await RunningServer.StartAsync(ringfence);

        // The check waits until the model's script is at its end, which it never sees twice: a second start of the agent would fail.
        var run = await server.RunAsync(ringfence, more: ",\"done\":[\"sleep 2; grep -q hello greeting.txt\"]");
        await server.SeesAsync(run, "checkpoint.reached");
        server.Process.Signal("KILL");
        await server.Process.EndsAsync(Cancel);
        await server.Process.DisposeAsync();
        await using var next = await RunningServer.StartAsync(ringfence, server.Key);
        var ended = await next.EndedAsync(run);

        Assert.True((string?)ended["status"] == "completed", ended.ToJsonString());
        await ringfence.ScriptWasPlayedAsync();
    }

    [Fact(Timeout = Patience)]
    public async Task By_a_second_SIGTERM_gives_its_runs_back()
    {
        var marker = Scripts.Marker();
        await using var ringfence = await RunningRingfence.StartAsync(Scripts.WritesAndHangs(marker));
        await ringfence.CommitAsync(("README.md", "# A project\n"));
        var server = await RunningServer.StartAsync(ringfence, null, "--drain-time", "1h");
        var run = await server.RunAsync(ringfence);
        await server.SeesAsync(run, "tool.returned");

        server.Process.Signal("TERM");
        await server.Process.SeesAsync("Draining", Cancel);
        server.Process.Signal("TERM");
        var end = await server.Process.EndsAsync(Cancel);
        await server.Process.DisposeAsync();

        Assert.True(end.ExitCode == 0, end.ToString());
        Assert.Empty(RunningRingfence.ProcessesWith($"sleep {marker}"));
        Assert.Equal("queued", (string?)(await ringfence.OnlyRunAsync())["status"]);
        Assert.Equal(0, (await ringfence.CliAsync("cancel", run)).ExitCode);
        Assert.Equal("cancelled", (string?)(await ringfence.OnlyRunAsync())["status"]);
        var verified = await ringfence.CliAsync("audit", "verify", run);
        Assert.True(verified.ExitCode == 0, verified.ToString());
    }

    private static string ManyRuns => File.ReadAllText(Path.Combine(Checkout.Root, "tests", "Ringfence.Acceptance", "many-runs.yaml"));

    private static async Task SeesEventsAsync(RunningServer server, string run, int count)
    {
        await foreach (var _ in server.EventsAsync(run))
        {
            if (--count == 0)
            {
                return;
            }
        }
    }

    private static async Task EndWellAsync(RunningRingfence ringfence, RunningServer server, List<string> runs, params string[] store)
    {
        foreach (var run in runs)
        {
            var ended = await server.EndedAsync(run);
            Assert.True((string?)ended["status"] == "completed", ended.ToJsonString());
            Assert.True((decimal)ended["usage"]!["totalCostUsd"]! <= 5);
            Assert.Equal("hello\n", await ringfence.GitAsync("show", $"{ended["outputs"]![0]!["place"]}:greeting.txt"));
            Assert.Equal("1\n", await ringfence.GitAsync("rev-list", "--count", $"main..{ended["outputs"]![0]!["place"]}"));
            Assert.Equal(1, await CountAsync(server, run, "branch.created"));
        }

        await HasExactBooksAsync(server, runs);
        var branches = await ringfence.GitAsync("for-each-ref", "--format=%(refname)", "refs/heads/ringfence");
        Assert.Equal(runs.Count, branches.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        var verified = await ringfence.CliAsync(["audit", "verify", .. store]);
        Assert.True(verified.ExitCode == 0, verified.ToString());
    }

    /// <summary>The books say of each run and of all of them exactly what their records say, and nothing is held that nobody will spend.</summary>
    private static async Task HasExactBooksAsync(RunningServer server, List<string> runs)
    {
        var spent = 0m;

        foreach (var run in runs)
        {
            var book = (await server.GetAsync($"/v1/budgets?under=run:{run}")).Json.AsArray().Single()!;
            var cost = (decimal)(await server.GetAsync($"/v1/runs/{run}")).Json["usage"]!["totalCostUsd"]!;
            Assert.Equal((cost, 0m), ((decimal)book["spentUsd"]!, (decimal)book["heldUsd"]!));
            spent += cost;
        }

        var all = (await server.GetAsync("/v1/budgets?under=organisation")).Json.AsArray();
        Assert.True(spent > 0);
        Assert.Equal(spent, all.Where(book => ((string)book!["scope"]!).Contains(":day:", StringComparison.Ordinal)).Sum(book => (decimal)book!["spentUsd"]!));
    }

    private static async Task<int> CountAsync(RunningServer server, string run, string type)
    {
        var (count, offset) = (0, 0);

        while ((await server.GetAsync($"/v1/runs/{run}/logs?limit=250&offset={offset}")).Json["data"] is JsonArray { Count: > 0 } page)
        {
            count += page.Count(happened => (string?)happened!["type"] == type);
            offset += page.Count;
        }

        return count;
    }
}
