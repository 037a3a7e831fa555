using Ringfence.Audit;
using Ringfence.Outputs;
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

    [Fact]
    public async Task Lists_page_by_page_what_was_looked_for()
    {
        var store = new RunStore(await OpenAsync(), TimeProvider.System);

        for (var i = 0; i < 5; i++)
        {
            await store.CreateAsync(Request(i < 3 ? "/src/needle" : "/src/hay"), Cancel);
        }

        var page = await store.SearchAsync(new RunQuery(2, 2, [RunStatus.Queued], "NEEDLE"), Cancel);

        Assert.Equal(3, page.Total);
        Assert.Equal(5, page.Active);
        Assert.Equal("/src/needle", Assert.Single(page.Runs).Request.Repository);
    }

    [Theory]
    [InlineData("greeting", 1)]
    [InlineData("GREET", 1)]
    [InlineData("parser greeting", 0)]
    [InlineData("fix parser", 1)]
    [InlineData("service", 1)]
    [InlineData("oauthserv", 1)]
    [InlineData("née", 1)]
    [InlineData("über", 1)]
    [InlineData("team/app", 2)]
    [InlineData("to", 1)]
    [InlineData("pa", 0)]
    [InlineData("'; drop table runs; --", 0)]
    [InlineData("\" * & | ! :", 0)]
    public async Task Finds_a_run_by_words_and_beginnings_of_words(string search, int count)
    {
        var store = new RunStore(await OpenAsync(), TimeProvider.System);
        await store.CreateAsync(Request("https://git.example.com/team/app.git") with { Prompt = "Write a greeting (in über-polite German, née Latin)" }, Cancel);
        await store.EnqueueAsync(Request("https://git.example.com/team/app.git") with { Prompt = "Fix the parser's OAuthService to_string" }, null, Cancel);

        var page = await store.SearchAsync(new RunQuery(1, 10, [], search), Cancel);

        Assert.Equal(count, page.Total);
        Assert.Equal(count, page.Runs.Count);
        Assert.True(page.IsExact);
    }

    [Fact]
    public async Task Finds_what_is_rare_behind_many_that_do_not_match()
    {
        var database = await OpenAsync();
        var store = new RunStore(database, TimeProvider.System);
        var rare = (await store.EnqueueAsync(Request("/src/rare") with { Output = OutputKind.Patch }, null, Cancel)).Value.Run;
        var row = await database.QuerySingleAsync("select request from runs", row => row.GetString(0), Cancel);
        await database.InTransactionAsync(
            async transaction =>
            {
                await transaction.InsertAsync("runs", ["id", "status", "request", "created_us"], Enumerable.Range(0, 12_000), (writer, i) => Write(writer, $"1{i:d15}", "completed", row!, i), Cancel);
                await transaction.InsertAsync("run_words", ["run", "words"], Enumerable.Range(0, 12_000), (writer, i) => Write(writer, $"1{i:d15}", $"common {i}"), Cancel);
            },
            Cancel);

        var found = await store.SearchAsync(new RunQuery(1, 10, [], "rare"), Cancel);
        var common = await store.SearchAsync(new RunQuery(3, 10, [RunStatus.Completed], "comm"), Cancel);
        var last = await store.SearchAsync(new RunQuery(1201, 10, [], "common"), Cancel);
        var all = await store.SearchAsync(new RunQuery(1, 10, []), Cancel);
        var older = await store.SearchAsync(new RunQuery(1, 10, []) { Before = new RunId("1000000000000002") }, Cancel);
        var patches = await store.SearchAsync(new RunQuery(1, 10, []) { Outputs = [OutputKind.Patch] }, Cancel);

        Assert.Equal((rare.Id, 1, true), (Assert.Single(found.Runs).Id, found.Total, found.IsExact));
        Assert.Equal(("1000000000011979", false), (common.Runs[0].Id.Value, common.IsExact));
        Assert.Equal((0, 12_000, true), (last.Runs.Count, last.Total, last.IsExact));
        Assert.True(all is { Total: > RunPage.MostCounted, IsExact: false });
        Assert.Equal(["1000000000000001", "1000000000000000", rare.Id.Value], older.Runs.Select(run => run.Id.Value));
        Assert.Equal(rare.Id, Assert.Single(patches.Runs).Id);
        Assert.Equal(rare.Id, Assert.Single((await store.SearchAsync(new RunQuery(1, 10, [], rare.Id.Value[..8].ToUpperInvariant()), Cancel)).Runs).Id);
    }

    [Fact]
    public async Task Finds_runs_whose_version_knew_no_words()
    {
        var database = await OpenAsync();
        var store = new RunStore(database, TimeProvider.System);
        await OldRowAsync(database, "0000000000000001", """{"prompt":"Fix the login","repository":"/src/old","agent":"ringfence-agent","limits":{"cost":5000000000,"turns":60},"requested_by":"ada"}""");
        await database.ExecuteAsync("insert into runs_without_words (run) values ('0000000000000001')", Cancel);

        Assert.True(await store.AddWordsAsync(Cancel));
        Assert.False(await store.AddWordsAsync(Cancel));

        Assert.Equal("/src/old", Assert.Single((await store.SearchAsync(new RunQuery(1, 10, [], "login"), Cancel)).Runs).Request.Repository);
    }

    /// <summary>Exactly what the first version wrote: what came later is what leaving it out means.</summary>
    [Fact]
    public async Task Reads_a_request_that_the_first_version_stored()
    {
        var database = await OpenAsync();
        await OldRowAsync(
            database, "0000000000000002",
            """{"prompt":"Fix the login","repository":"/src/old","agent":"claude-code","limits":{"cost":2500000000,"turns":7,"time":"00:10:00"},"done":["make test"],"network":{"allow":["example.com"]},"output":"patch","requested_by":"ada"}""");

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

    private static Task OldRowAsync(Database database, string id, string request) => database.ExecuteAsync(
        "insert into runs (id, status, request, created_us) values (@id, 'completed', @request, 1)", Cancel, ("id", id), ("request", request));

    private static void Write(RowWriter writer, string id, string status, string request, int created)
    {
        writer.Text(id);
        writer.Text(status);
        writer.Text(request);
        writer.Integer(created);
    }

    private static void Write(RowWriter writer, string run, string words)
    {
        writer.Text(run);
        writer.Text(words);
    }

    private static RunRequest Request(string repository) => new() { Prompt = "Do it.", Repository = repository, RequestedBy = "test" };
}
