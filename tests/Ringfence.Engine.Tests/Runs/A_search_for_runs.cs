using Ringfence.Outputs;
using Ringfence.Runs;
using Ringfence.Storage;
using Ringfence.Tests.Storage;
using Xunit;

namespace Ringfence.Tests.Runs;

public sealed class A_search_for_runs_in_SQLite() : A_search_for_runs(null);

public sealed class A_search_for_runs_in_PostgreSQL(PostgresCluster postgres) : A_search_for_runs(postgres);

/// <summary>Runs are found by words and beginnings of words, page by page, however many others there are.</summary>
public abstract class A_search_for_runs(PostgresCluster? postgres) : StoreTest(postgres)
{
    [Fact]
    public async Task Lists_page_by_page_what_is_looked_for()
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
        await database.ExecuteAsync(
            """insert into runs (id, status, request, created_us) values ('0000000000000001', 'completed', '{"prompt":"Fix the login","repository":"/src/old","agent":"ringfence-agent","requested_by":"ada"}', 1)""", Cancel);
        await database.ExecuteAsync("insert into runs_without_words (run) values ('0000000000000001')", Cancel);

        Assert.True(await store.AddWordsAsync(Cancel));
        Assert.False(await store.AddWordsAsync(Cancel));

        Assert.Equal("/src/old", Assert.Single((await store.SearchAsync(new RunQuery(1, 10, [], "login"), Cancel)).Runs).Request.Repository);
    }

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
