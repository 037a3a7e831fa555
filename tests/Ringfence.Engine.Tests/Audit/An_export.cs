using System.Text;
using System.Text.Json;
using Ringfence.Audit;
using Ringfence.Runs;
using Ringfence.Storage;
using Ringfence.Tests.Storage;
using Xunit;

namespace Ringfence.Tests.Audit;

public sealed class An_export_from_SQLite() : An_export(null);

public sealed class An_export_from_PostgreSQL(PostgresCluster postgres) : An_export(postgres);

public abstract class An_export(PostgresCluster? postgres) : StoreTest(postgres)
{
    private readonly RunId run = RunId.New(TimeProvider.System);

    private async Task<Database> RecordedAsync()
    {
        var database = await OpenAsync();

        foreach (var (id, ended) in new (RunId, long?)[] { (run, 2000), (RunId.New(TimeProvider.System), null) })
        {
            await database.ExecuteAsync(
                "insert into runs (id, status, created_us, ended_us) values (@run, 'completed', 1, @ended)", Cancel, ("run", id), ("ended", ended ?? (object)DBNull.Value));
            await using var recorder = await Recorder.OpenAsync(database, id, TimeProvider.System, Cancel);
            recorder.Append(new RunRequested("/repo", "main", "claude", null, "p", "olga", "r"));
            recorder.Append(new ModelRequested("c1", "anthropic", "opus", "opus", 1, 1, 1, "d", []));
            recorder.Append(new ModelResponded("c1", 200, "end_turn", 100, 50, 5, 5, 20, 0, 1, 1, 10, true, true));
            recorder.Append(new CommandStarted("s", 1, 7, 0, "/bin/sh", "d", ["sh", "-c", "\u0001\"é"], false, "d", "/workspace"));
            recorder.Append(new CommandFinished("s", 1, true, 1, 0, 3));
            recorder.Append(new CommitCreated("c0ffee", "tree", ["base"]));
            recorder.Append(new RunEnded("completed", null, null, null, 0, 0, 0, new Dictionary<string, long>()));
            await recorder.FlushAsync(Cancel);
        }

        return database;
    }

    private static async Task<(List<JsonElement> Lines, List<string> Text, long Next)> ExportAsync(Database database, ExportFormat format, long since = 0)
    {
        var output = new StringWriter();
        var (_, next) = await new AuditExport(database).ExportAsync(format, since, null, "olga", output, Cancel);
        var lines = output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).ToList();
        return ([.. lines.Select(line => JsonElement.Parse(line))], lines, next);
    }

    [Fact]
    public async Task As_JSON_lines_can_be_verified_without_us_and_gone_on_with()
    {
        var database = await RecordedAsync();
        var (lines, text, next) = await ExportAsync(database, ExportFormat.Jsonl);
        var hash = EventHash.Genesis.ToArray();

        Assert.Equal(7, lines.Count);

        foreach (var (line, raw) in lines.Zip(text))
        {
            var body = raw["{\"event\":".Length..raw.LastIndexOf(",\"hash\"", StringComparison.Ordinal)];
            EventHash.Compute(hash, Encoding.UTF8.GetBytes(body), hash);
            Assert.Equal(Convert.ToHexStringLower(hash), line.GetProperty("hash").GetString());
        }

        Assert.Empty((await ExportAsync(database, ExportFormat.Jsonl, next)).Lines);
        Assert.Equal(2, (await new AuditReader(database).FactsAsync<AuditExported>(StoreRecord.Id, Cancel)).Count);
    }

    [Fact]
    public async Task As_CloudEvents_has_their_attributes()
    {
        var line = (await ExportAsync(await RecordedAsync(), ExportFormat.CloudEvents)).Lines[0];

        Assert.Equal(("1.0", $"{run}/0", "ringfence.run.requested"), (
            line.GetProperty("specversion").GetString(), line.GetProperty("id").GetString(), line.GetProperty("type").GetString()));
        Assert.Equal("olga", line.GetProperty("data").GetProperty("requested_by").GetString());
    }

    [Fact]
    public async Task As_a_trace_has_the_run_above_its_calls_and_commands()
    {
        var trace = Assert.Single((await ExportAsync(await RecordedAsync(), ExportFormat.Otlp)).Lines);
        var spans = trace.GetProperty("resourceSpans")[0].GetProperty("scopeSpans")[0].GetProperty("spans").EnumerateArray().ToList();

        Assert.Equal(["invoke_agent agent", "chat opus", "exec /bin/sh"], spans.Select(span => span.GetProperty("name").GetString()));
        Assert.All(spans.Skip(1), span => Assert.Equal(spans[0].GetProperty("spanId").GetString(), span.GetProperty("parentSpanId").GetString()));
        Assert.All(spans, span => Assert.Equal(32, span.GetProperty("traceId").GetString()!.Length));
        Assert.Equal(2, spans[2].GetProperty("status").GetProperty("code").GetInt32());
    }

    [Fact]
    public async Task As_a_statement_names_the_commit_and_where_it_came_from()
    {
        var statement = Assert.Single((await ExportAsync(await RecordedAsync(), ExportFormat.InToto)).Lines);

        Assert.Equal("c0ffee", statement.GetProperty("subject")[0].GetProperty("digest").GetProperty("gitCommit").GetString());
        Assert.Equal(run.Value, statement.GetProperty("predicate").GetProperty("runDetails").GetProperty("metadata").GetProperty("invocationId").GetString());
    }
}
