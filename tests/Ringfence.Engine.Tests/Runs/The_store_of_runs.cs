using Ringfence.Audit;
using Ringfence.Runs;
using Ringfence.Storage;
using Ringfence.Tests.Storage;
using Xunit;

namespace Ringfence.Tests.Runs;

public sealed class The_store_of_runs_in_SQLite() : The_store_of_runs(null);

public sealed class The_store_of_runs_in_PostgreSQL(PostgresCluster postgres) : The_store_of_runs(postgres);

public abstract class The_store_of_runs(PostgresCluster? postgres) : StoreTest(postgres)
{
    [Fact]
    public async Task Gives_the_same_run_for_the_same_idempotency_key()
    {
        var store = new RunStore(await OpenAsync(), TimeProvider.System);

        var first = (await store.EnqueueAsync(Request("a"), "key", Cancel)).Value;
        var again = (await store.EnqueueAsync(Request("a"), "key", Cancel)).Value;
        var other = (await store.EnqueueAsync(Request("a"), null, Cancel)).Value;

        Assert.True(first.IsNew);
        Assert.False(again.IsNew);
        Assert.Equal(first.Run.Id, again.Run.Id);
        Assert.NotEqual(first.Run.Id, other.Run.Id);
    }

    [Fact]
    public async Task Refuses_an_idempotency_key_that_was_used_for_something_else()
    {
        var store = new RunStore(await OpenAsync(), TimeProvider.System);
        await store.EnqueueAsync(Request("a"), "key", Cancel);

        Assert.Equal("idempotency_key_reused", Assert.Single((await store.EnqueueAsync(Request("b"), "key", Cancel)).Failures).Code);
    }

    [Fact]
    public async Task Accepts_many_at_once_and_each_key_once()
    {
        var store = new RunStore(await OpenAsync(), TimeProvider.System);

        var accepted = await Task.WhenAll(Enumerable.Range(0, 400).Select(i => Task.Run(() => store.EnqueueAsync(Request("a"), $"key-{i % 100}", Cancel))));

        Assert.Equal(100, accepted.Count(result => result.Value.IsNew));
        Assert.Equal(100, accepted.Select(result => result.Value.Run.Id).Distinct().Count());
        Assert.Equal(100, (await store.SearchAsync(new RunQuery(1, 1, []), Cancel)).Total);
    }

    [Fact]
    public async Task Gives_an_interrupted_run_back_to_the_queue_when_it_is_due()
    {
        var database = await OpenAsync();
        var store = new RunStore(database, TimeProvider.System);
        await store.EnqueueAsync(Request("a"), null, Cancel);
        var run = (await store.ClaimNextAsync(1, Cancel))!;
        await using var recorder = await Recorder.OpenAsync(database, run.Id, TimeProvider.System, Cancel);
        var preparing = await store.MoveAsync(run, RunStatus.Preparing, recorder, Cancel);

        await RunStore.RequeueAsync(preparing with { Worked = TimeSpan.FromSeconds(3) }, "interrupted", TimeProvider.System.GetUtcNow().AddHours(1), recorder, Cancel);
        Assert.Null(await store.ClaimNextAsync(1, Cancel));

        await database.ExecuteAsync("update runs set due_us = 0", Cancel);
        var again = (await store.ClaimNextAsync(1, Cancel))!;
        Assert.Equal((run.Id, 2, TimeSpan.FromSeconds(3)), (again.Id, again.Starts, again.Worked));
    }

    [Fact]
    public async Task Writes_nothing_of_a_run_that_another_process_has()
    {
        var database = await OpenAsync();
        var store = new RunStore(database, TimeProvider.System);
        var run = await store.CreateAsync(Request("a"), Cancel);
        await using var recorder = await Recorder.OpenAsync(database, run.Id, TimeProvider.System, Cancel);
        await database.ExecuteAsync("update runs set worker = 'elsewhere/1/1'", Cancel);

        await Assert.ThrowsAsync<RunTakenException>(() => store.MoveAsync(run, RunStatus.Preparing, recorder, Cancel));
        Assert.False((await store.RenewAsync(run.Id, Cancel)).IsHeld);
        Assert.Equal(0, recorder.Count);
    }

    [Fact]
    public async Task Never_gives_one_run_to_two_workers()
    {
        var store = new RunStore(await OpenAsync(), TimeProvider.System);
        var replica = new RunStore(await OpenAsync(), TimeProvider.System);

        for (var i = 0; i < 20; i++)
        {
            await store.EnqueueAsync(Request($"repository-{i}"), null, Cancel);
        }

        var claimed = await Task.WhenAll(Enumerable.Range(0, 30).Select(i => Task.Run(() => (i % 2 == 0 ? store : replica).ClaimNextAsync(100, Cancel))));

        var ids = claimed.OfType<Run>().Select(run => run.Id).ToList();
        Assert.Equal(20, ids.Count);
        Assert.Equal(20, ids.Distinct().Count());
    }

    [Fact]
    public async Task Lets_no_repository_starve_another()
    {
        var store = new RunStore(await OpenAsync(), TimeProvider.System);

        foreach (var repository in new[] { "busy", "busy", "busy", "quiet" })
        {
            await store.EnqueueAsync(Request(repository), null, Cancel);
        }

        var order = new List<string>();

        while (await store.ClaimNextAsync(perRepository: 2, Cancel) is { } run)
        {
            order.Add(run.Request.Repository);
        }

        Assert.Equal(["busy", "quiet", "busy"], order);
    }

    [Fact]
    public async Task Keeps_a_request_exactly()
    {
        var store = new RunStore(await OpenAsync(), TimeProvider.System);
        var request = Request("a") with { Done = ["make", "make \"it\""], Metadata = """{"a":1}""", Limits = new RunLimits { Cost = Money.Parse("0.123456789") } };

        var run = await store.CreateAsync(request, Cancel);
        var found = (await store.FindAsync(run.Id.Value[..12], Cancel)).Value;

        Assert.Equal(request.Limits, found.Request.Limits);
        Assert.Equal(request.Done, found.Request.Done);
        Assert.Equal(request.Metadata, found.Request.Metadata);
    }

    [Theory]
    [InlineData("")]
    [InlineData("%")]
    [InlineData("0000000000000000")]
    [InlineData("' or 1=1 --")]
    public async Task Knows_no_run_by_a_name_that_is_none(string name)
    {
        var store = new RunStore(await OpenAsync(), TimeProvider.System);
        await store.CreateAsync(Request("a"), Cancel);

        Assert.Equal("unknown_run", Assert.Single((await store.FindAsync(name, Cancel)).Failures).Code);
    }

    [Fact]
    public async Task Moves_a_run_together_with_its_event_or_not_at_all()
    {
        var database = await OpenAsync();
        var store = new RunStore(database, TimeProvider.System);
        var run = await store.CreateAsync(Request("a"), Cancel);
        await using var recorder = await Recorder.OpenAsync(database, run.Id, TimeProvider.System, Cancel);

        var moved = await store.MoveAsync(run, RunStatus.Preparing, recorder, Cancel);

        // The row says preparing by now, so a writer who still believes it queued changes nothing and records nothing.
        await Assert.ThrowsAsync<RunTakenException>(() => store.MoveAsync(run, RunStatus.Preparing, recorder, Cancel));
        await Assert.ThrowsAsync<InvalidOperationException>(() => store.MoveAsync(moved, RunStatus.Publishing, recorder, Cancel));
        Assert.Equal(RunStatus.Preparing, (await store.FindAsync(run.Id.Value, Cancel)).Value.Status);
        Assert.Single(await new AuditReader(database).FactsAsync<RunStateChanged>(run.Id, Cancel));
    }

    [Fact]
    public async Task Finds_the_runs_whose_process_is_gone_and_lets_one_take_each_over()
    {
        var database = await OpenAsync();
        var store = new RunStore(database, TimeProvider.System);
        var alive = await store.CreateAsync(Request("a"), Cancel);
        var dead = await store.CreateAsync(Request("b"), Cancel);
        await database.ExecuteAsync(
            "update runs set worker = @worker where id = @id", Cancel,
            ("id", dead.Id), ("worker", (WorkerId.Current with { StartTicks = 1 }).ToString()));

        var abandoned = Assert.Single(await store.AbandonedAsync(Cancel));

        Assert.Equal(dead.Id, abandoned.Id);
        Assert.NotEqual(alive.Id, abandoned.Id);
        Assert.True(await store.TryTakeOverAsync(abandoned, Cancel));
        Assert.False(await store.TryTakeOverAsync(abandoned, Cancel));
    }

    [Fact]
    public async Task Hears_of_a_cancellation_once()
    {
        var store = new RunStore(await OpenAsync(), TimeProvider.System);
        var run = await store.CreateAsync(Request("a"), Cancel);

        Assert.True(await store.TryRequestCancelAsync(run.Id, "ada", Cancel));
        Assert.False(await store.TryRequestCancelAsync(run.Id, "bob", Cancel));
        Assert.Equal(new RunAttention(IsHeld: true, "ada"), await store.RenewAsync(run.Id, Cancel));
    }

    /// <summary>Exactly what the first version wrote: what came later is what leaving it out means.</summary>
    [Fact]
    public async Task Reads_a_request_that_the_first_version_stored()
    {
        var database = await OpenAsync();
        await database.ExecuteAsync(
            "insert into runs (id, status, request, created_us) values ('0000000000000002', 'completed', @request, 1)", Cancel,
            ("request", """{"prompt":"Fix the login","repository":"/src/old","agent":"claude-code","limits":{"cost":2500000000,"turns":7,"time":"00:10:00"},"done":["make test"],"network":{"allow":["example.com"]},"output":"patch","requested_by":"ada"}"""));

        var request = (await new RunStore(database, TimeProvider.System).FindAsync("0000000000000002", Cancel)).Value.Request;
        var defaults = new RunRequest { Prompt = "", Repository = "", RequestedBy = "" };

        Assert.Equal(("claude-code", 7, 3), (request.Agent, request.Limits.Turns, request.Attempts));
        Assert.Equal((TimeSpan.FromMinutes(10), defaults.Limits.Silence, defaults.Limits.CheckTime), (request.Limits.Time, request.Limits.Silence, request.Limits.CheckTime));
        Assert.Equal(defaults.Sandbox, request.Sandbox);
        Assert.Equal(["example.com"], request.Network.Allow);
        Assert.Equal(defaults.Network.Limits, request.Network.Limits);
        Assert.Empty(request.Network.Presets);
        Assert.Empty(request.Rules.Never);
        Assert.Empty(request.Approve);
        Assert.Empty(request.Environment);
        Assert.Empty(request.Mounts);
        Assert.Empty(request.Pins);
    }

    private static RunRequest Request(string repository) => new() { Prompt = "Do it.", Repository = repository, RequestedBy = "test" };
}
