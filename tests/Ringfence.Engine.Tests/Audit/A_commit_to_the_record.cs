using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Ringfence.Audit;
using Ringfence.Runs;
using Ringfence.Tests.Storage;
using Xunit;

namespace Ringfence.Tests.Audit;

public sealed class A_commit_to_the_record_in_SQLite() : A_commit_to_the_record(null);

public sealed class A_commit_to_the_record_in_PostgreSQL(PostgresCluster postgres) : A_commit_to_the_record(postgres);

/// <summary>Facts and what they are about, durable together or not at all.</summary>
public abstract class A_commit_to_the_record(PostgresCluster? postgres) : StoreTest(postgres)
{
    private readonly RunId run = RunId.New(TimeProvider.System);

    [Fact]
    public async Task Commits_a_fact_and_a_change_together_or_neither()
    {
        var database = await OpenAsync();
        await using var recorder = await Recorder.OpenAsync(database, run, TimeProvider.System, Cancel);
        recorder.Append(new RunAdmitted("before"));

        var seq = await recorder.CommitAsync(
            new RunStateChanged("queued", "preparing"), t => t.ExecuteAsync("insert into runs (id, status, created_us) values ('a', 'preparing', 1)", Cancel), Cancel);

        await Assert.ThrowsAsync<InvalidOperationException>(() => recorder.CommitAsync(
            new RunStateChanged("preparing", "running"),
            async t =>
            {
                await t.ExecuteAsync("update runs set status = 'running'", Cancel);
                throw new InvalidOperationException("no");
            },
            Cancel));

        Assert.Equal(1, seq);
        Assert.Equal(2, recorder.Append(new RunAdmitted("after")));
        await recorder.FlushAsync(Cancel);
        Assert.Equal("preparing", await database.QuerySingleAsync("select status from runs", r => r.GetString(0), Cancel));
        Assert.Equal(3, (await new AuditVerifier(database).VerifyAsync(run, Cancel)).Events);
        Assert.Empty((await new AuditVerifier(database).VerifyAsync(run, Cancel)).Problems);
    }

    [Fact]
    public async Task Puts_what_was_appended_before_into_the_transaction_of_a_commit()
    {
        var database = await OpenAsync();
        await database.ExecuteAsync("insert into runs (id, status, created_us) values ('a', 'queued', 1)", Cancel);
        await using var recorder = await Recorder.OpenAsync(database, run, TimeProvider.System, Cancel);
        var fewest = long.MaxValue;

        // The writer may come first now and then, because it waits for nobody; never every time.
        for (var i = 0; i < 200 && fewest > 1; i++)
        {
            var (from, before) = (recorder.Count, await CommitsAsync(database, recorder.Count));
            recorder.Append(new RunAdmitted(recorder.Keep(BitConverter.GetBytes(i))));
            recorder.Append(new RunAdmitted("b"));
            await recorder.CommitAsync(
                [new ApprovalRequested("diff", "d", []), new RunStateChanged("reviewing", "waiting")],
                transaction => transaction.ExecuteAsync("update runs set status = 'waiting'", Cancel), Cancel);
            fewest = Math.Min(fewest, await CommitsAsync(database, from) - before);
        }

        Assert.Equal(1, fewest);
        Assert.Equal(
            ["run.admitted", "run.admitted", "approval.requested", "run.state"], (await new AuditReader(database).AllAsync(run, Cancel)).Take(4).Select(e => e.Type));
        Assert.Empty((await new AuditVerifier(database).VerifyAsync(run, Cancel)).Problems);
    }

    [Fact]
    public async Task Keeps_what_was_appended_before_a_commit_that_is_refused()
    {
        var database = await OpenAsync();

        await using (var recorder = await Recorder.OpenAsync(database, run, TimeProvider.System, Cancel))
        {
            for (var i = 0; i < 20; i++)
            {
                var digest = recorder.Keep(BitConverter.GetBytes(i));
                recorder.Append(new RunAdmitted(digest));
                await Assert.ThrowsAsync<RunTakenException>(
                    () => recorder.CommitAsync([new RunAdmitted("no"), new RunAdmitted("no")], _ => throw new RunTakenException("no"), Cancel));
                Assert.Equal(i + 1, recorder.Count);
                Assert.Equal(i + 1, recorder.Counts["run.admitted"]);
            }
        }

        var facts = await new AuditReader(database).FactsAsync<RunAdmitted>(run, Cancel);
        Assert.Equal(20, facts.Count);

        foreach (var (fact, i) in facts.Select((fact, i) => (fact, i)))
        {
            Assert.Equal(BitConverter.GetBytes(i), await new AuditReader(database).ContentAsync(run, fact.By, Cancel));
        }

        Assert.Empty((await new AuditVerifier(database).VerifyAsync(run, Cancel)).Problems);
    }

    [Fact]
    public async Task Says_of_a_commit_in_doubt_that_nothing_can_be_recorded_any_more_and_leaves_a_chain_that_goes_on()
    {
        var database = await OpenAsync();

        await using (var recorder = await Recorder.OpenAsync(database, run, TimeProvider.System, Cancel))
        {
            recorder.Append(new RunAdmitted("a"));
            await recorder.FlushAsync(Cancel);
            recorder.Append(new RunAdmitted("b"));

            // Somebody else's event stands where the first fact would.
            await Assert.ThrowsAsync<RecordUnavailableException>(() => recorder.CommitAsync(
                [new RunAdmitted("c"), new RunAdmitted("d")],
                transaction => transaction.ExecuteAsync(
                    "insert into events (chain, seq, body, hash) select chain, 2, body, hash from events where seq = 0", CancellationToken.None),
                Cancel));

            Assert.Throws<RecordUnavailableException>(() => recorder.Append(new RunAdmitted("e")));
            Assert.Throws<RecordUnavailableException>(() => recorder.Keep("f"u8));
            await Assert.ThrowsAsync<RecordUnavailableException>(async () => await recorder.FlushAsync(Cancel));
            await Assert.ThrowsAsync<RecordUnavailableException>(() => recorder.CommitAsync(new RunAdmitted("g"), _ => Task.CompletedTask, Cancel));
        }

        await using var again = await Recorder.OpenAsync(database, run, TimeProvider.System, Cancel);
        await again.CommitAsync(new RunAdmitted("z"), _ => Task.CompletedTask, Cancel);
        Assert.Empty((await new AuditVerifier(database).VerifyAsync(run, Cancel)).Problems);

        // The second one may have been written by itself before; nothing of the rest.
        var facts = (await again.FactsAsync<RunAdmitted>(Cancel)).Select(fact => fact.By).ToList();
        Assert.Equal(["a", "z"], facts.Where(by => by != "b"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Mixes_facts_content_flushes_and_commits_of_many_threads_without_losing_or_inventing_any(int seed)
    {
        var database = await OpenAsync();
        await database.ExecuteAsync("create table done (n bigint)", Cancel);
        var digests = new System.Collections.Concurrent.ConcurrentBag<string>();
        var committed = new List<int>();

        await using (var recorder = await Recorder.OpenAsync(database, run, TimeProvider.System, Cancel))
        {
            await Task.WhenAll([.. Enumerable.Range(0, 4).Select(Appends), .. Enumerable.Range(0, 2).Select(Keeps), Flushes(), Commits()]);
            Assert.Equal((4 * 100) + (2 * committed.Count), recorder.Count);

            Task Appends(int thread) => Task.Run(() =>
            {
                for (var i = 0; i < 100; i++)
                {
                    recorder.Append(new RunAdmitted($"{thread}.{i}"));
                    Thread.Yield();
                }
            });

            Task Keeps(int thread) => Task.Run(() =>
            {
                for (var i = 0; i < 100; i++)
                {
                    digests.Add(recorder.Keep(Encoding.UTF8.GetBytes($"{seed} {thread} {i / 2}")));
                    Thread.Yield();
                }
            });

            Task Flushes() => Task.Run(async () =>
            {
                for (var i = 0; i < 20; i++)
                {
                    var seen = recorder.Counts.Values.Sum();
                    await recorder.FlushAsync(Cancel);
                    Assert.True((await new AuditReader(database).AllAsync(run, Cancel)).Count >= seen);
                }
            });

            Task Commits() => Task.Run(async () =>
            {
                var random = new Random(seed);

                for (var n = 0; n < 60; n++)
                {
                    var fails = random.Next(3) == 0;

                    try
                    {
                        await recorder.CommitAsync(
                            [new RunStateChanged("queued", $"{n}"), new RunStateChanged($"{n}", "running")],
                            async transaction =>
                            {
                                await transaction.ExecuteAsync("insert into done (n) values (@n)", CancellationToken.None, ("n", (long)n));

                                if (fails)
                                {
                                    throw new RunTakenException("no");
                                }
                            },
                            Cancel);
                        committed.Add(n);
                    }
                    catch (RunTakenException) when (fails)
                    {
                        // As it was meant.
                    }
                }
            });
        }

        Assert.Empty((await new AuditVerifier(database).VerifyAsync(run, Cancel)).Problems);
        var events = await new AuditReader(database).AllAsync(run, Cancel);
        Assert.Equal(Enumerable.Range(0, events.Count).Select(i => (long)i), events.Select(e => e.Seq));

        var told = events.Select(e => e.Fact).OfType<RunAdmitted>().Select(fact => fact.By.Split('.')).GroupBy(by => by[0], by => int.Parse(by[1], CultureInfo.InvariantCulture));
        Assert.Equal(4, told.Count());
        Assert.All(told, thread => Assert.Equal(Enumerable.Range(0, 100), thread));

        var moves = events.Where(e => e.Fact is RunStateChanged).ToList();
        Assert.Equal(committed.SelectMany(n => new[] { ("queued", $"{n}"), ($"{n}", "running") }), moves.Select(e => ((RunStateChanged)e.Fact!).From is var from ? (from, ((RunStateChanged)e.Fact!).To) : default));
        Assert.All(moves.Chunk(2), pair => Assert.Equal(pair[0].Seq + 1, pair[1].Seq));
        Assert.Equal(committed.Select(n => (long)n), await database.QueryAsync("select n from done order by n", row => row.GetInt64(0), Cancel));

        foreach (var digest in digests.Distinct())
        {
            Assert.NotNull(await new AuditReader(database).ContentAsync(run, digest, Cancel));
        }
    }

    /// <summary>How many transactions there were: on SQLite all of them, by its log; on PostgreSQL those that wrote these events, content and runs.</summary>
    private async Task<long> CommitsAsync(Ringfence.Storage.Database database, long fromSeq)
    {
        if (!IsSqlite)
        {
            return await database.QuerySingleAsync(
                """
                select count(distinct x) from (
                    select xmin::text as x from events where seq >= @from union all select xmin::text from runs where status = 'waiting' and @from < @count
                    union all select b.xmin::text from blobs b where encode(b.digest, 'hex') in (select cast(body as json) -> 'data' ->> 'by' from events where seq >= @from)) t
                """,
                row => row.GetInt64(0), Cancel, ("from", fromSeq), ("count", await database.QuerySingleAsync("select count(*) from events", row => row.GetInt64(0), Cancel)));
        }

        // See "The Write-Ahead Log" in SQLite's file format: a frame that ends a transaction tells how large the database is then.
        using var log = new FileStream(Directory.GetFiles(Home, "*-wal").Single(), FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var bytes = new byte[log.Length];
        log.ReadExactly(bytes);
        var page = BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(8));
        var commits = 0L;

        for (var at = 32; at + 24 + page <= bytes.Length && bytes.AsSpan(at + 8, 8).SequenceEqual(bytes.AsSpan(16, 8)); at += 24 + page)
        {
            commits += BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(at + 4)) > 0 ? 1 : 0;
        }

        return commits;
    }
}
