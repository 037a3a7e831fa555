using System.Globalization;
using Ringfence.Audit;
using Ringfence.Runs;
using Ringfence.Storage;
using Ringfence.Tests.Storage;
using Xunit;

namespace Ringfence.Tests.Audit;

public sealed class A_record_in_SQLite_that_was_tampered_with() : A_record_that_was_tampered_with(null);

public sealed class A_record_in_PostgreSQL_that_was_tampered_with(PostgresCluster postgres) : A_record_that_was_tampered_with(postgres);

public abstract class A_record_that_was_tampered_with(PostgresCluster? postgres) : StoreTest(postgres)
{
    private const int Events = 12;

    private readonly RunId run = RunId.New(TimeProvider.System);

    private async Task<Database> RecordedAsync()
    {
        var database = await OpenAsync();
        await database.ExecuteAsync("insert into runs (id, status, created_us) values (@run, 'completed', 1)", Cancel, ("run", run));
        await using var recorder = await Recorder.OpenAsync(database, run, TimeProvider.System, Cancel);

        for (var i = 0; i < Events - 1; i++)
        {
            recorder.Append(i % 2 == 0 ? new RunAdmitted($"person {i}") : new FileRead($"file {i}", "d", "x"));
        }

        recorder.Append(new RunEnded("completed", null, null, null, 1, 1, 1, new Dictionary<string, long>()));
        await recorder.FlushAsync(Cancel);
        return database;
    }

    private async Task<IReadOnlyList<ChainProblem>> ProblemsAsync(Database database)
    {
        var one = await new AuditVerifier(database).VerifyAsync(run, Cancel);
        var all = await new AuditVerifier(database).VerifyAllAsync(Cancel);

        Assert.Equal(one.IsIntact, all.Broken.Count == 0);
        return one.Problems;
    }

    // Each alteration is undone by putting the rows back, so that one recording serves every place.
    private async Task ForEverySeqAsync(Func<Database, long, Task> alter, Func<long, ChainProblem, bool> names, long last = Events)
    {
        var database = await RecordedAsync();
        await database.ExecuteAsync("create table kept as select * from events", Cancel);
        Assert.Empty(await ProblemsAsync(database));

        for (var seq = 0L; seq < last; seq++)
        {
            await alter(database, seq);

            var problems = await ProblemsAsync(database);
            Assert.Contains(problems, problem => names(seq, problem));

            await database.ExecuteAsync("delete from events", Cancel);
            await database.ExecuteAsync("insert into events select * from kept", Cancel);
        }
    }

    [Fact]
    public Task Names_the_event_in_which_one_character_differs() => ForEverySeqAsync(
        async (database, seq) =>
        {
            var body = (await database.QuerySingleAsync("select body from events where seq = @seq", r => r.GetString(0), Cancel, ("seq", seq)))!;
            var at = (int)(seq * 7919 % body.Length);
            var flipped = string.Concat(body.AsSpan(0, at), ((char)(body[at] ^ 1)).ToString(), body.AsSpan(at + 1));
            await database.ExecuteAsync("update events set body = @body where seq = @seq", Cancel, ("body", flipped), ("seq", seq));
        },
        (seq, problem) => problem.Seq == seq && problem.Code is "altered");

    [Fact]
    public Task Names_the_event_whose_hash_differs() => ForEverySeqAsync(
        async (database, seq) =>
        {
            var hash = (await database.QuerySingleAsync("select hash from events where seq = @seq", r => r.GetFieldValue<byte[]>(0), Cancel, ("seq", seq)))!;
            hash[seq % 32] ^= 1;
            await database.ExecuteAsync("update events set hash = @hash where seq = @seq", Cancel, ("hash", hash), ("seq", seq));
        },
        (seq, problem) => seq == Events - 1
            ? problem is { Code: "altered", Seq: Events - 1 }
            : problem.Seq == seq && problem.Code == "hash_altered");

    [Fact]
    public Task Names_the_event_that_is_missing() => ForEverySeqAsync(
        (database, seq) => database.ExecuteAsync("delete from events where seq = @seq", Cancel, ("seq", seq)),
        (seq, problem) => seq == Events - 1 ? problem.Code == "truncated" : problem.Seq == seq && problem.Code == "missing");

    [Fact]
    public Task Names_where_the_rest_was_cut_off() => ForEverySeqAsync(
        (database, seq) => database.ExecuteAsync("delete from events where seq >= @seq", Cancel, ("seq", seq)),
        (seq, problem) => problem.Code == "truncated" && problem.Seq == seq);

    [Fact]
    public Task Names_two_events_that_changed_places() => ForEverySeqAsync(
        async (database, seq) =>
        {
            await database.ExecuteAsync("update events set seq = -1 where seq = @seq", Cancel, ("seq", seq));
            await database.ExecuteAsync("update events set seq = @seq where seq = @next", Cancel, ("seq", seq), ("next", seq + 1));
            await database.ExecuteAsync("update events set seq = @next where seq = -1", Cancel, ("next", seq + 1));
        },
        (seq, problem) => problem.Seq == seq && problem.Code == "moved",
        Events - 1);

    [Fact]
    public Task Names_an_event_whose_type_was_relabelled() => ForEverySeqAsync(
        (database, seq) => database.ExecuteAsync(
            """update events set body = replace(body, '"type":"', '"type":"moon.') where seq = @seq""", Cancel, ("seq", seq)),
        (seq, problem) => problem.Seq == seq && problem.Code == "altered");

    [Fact]
    public async Task Names_a_chain_that_was_written_anew_without_an_event_by_its_counts()
    {
        var database = await RecordedAsync();
        var bodies = await database.QueryAsync("select body from events where seq <> 3 order by seq", r => r.GetString(0), Cancel);
        var hash = EventHash.Genesis.ToArray();

        // Somebody who can compute the chain: every number and hash made to fit. Only the end still knows.
        for (var seq = 0; seq < bodies.Count; seq++)
        {
            var body = System.Text.RegularExpressions.Regex.Replace(bodies[seq], "\"seq\":\\d+", $"\"seq\":{seq.ToString(CultureInfo.InvariantCulture)}");
            EventHash.Compute(hash, System.Text.Encoding.UTF8.GetBytes(body), hash);
            await database.ExecuteAsync(
                "update events set body = @body, hash = @hash where seq = @seq", Cancel,
                ("body", body), ("hash", hash.ToArray()), ("seq", (long)seq));
        }

        await database.ExecuteAsync("delete from events where seq = @seq", Cancel, ("seq", (long)bodies.Count));

        var problem = Assert.Single(await ProblemsAsync(database));
        Assert.Equal("counts", problem.Code);
        Assert.Contains("file.read", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Names_a_run_whose_record_was_taken_away_whole()
    {
        var database = await RecordedAsync();
        await database.ExecuteAsync("delete from events", Cancel);
        await database.ExecuteAsync("delete from chains", Cancel);

        Assert.Equal("truncated", Assert.Single(await ProblemsAsync(database)).Code);
    }

    [Fact]
    public async Task Is_not_continued()
    {
        var database = await RecordedAsync();
        await database.ExecuteAsync("delete from events where seq = 3", Cancel);

        await Assert.ThrowsAsync<RecordUnavailableException>(() => Recorder.OpenAsync(database, run, TimeProvider.System, Cancel));
    }
}
