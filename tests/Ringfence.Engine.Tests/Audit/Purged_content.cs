using Ringfence.Audit;
using Ringfence.Runs;
using Ringfence.Tests.Storage;
using Xunit;

namespace Ringfence.Tests.Audit;

public sealed class Purged_content_in_SQLite() : Purged_content(null);

public sealed class Purged_content_in_PostgreSQL(PostgresCluster postgres) : Purged_content(postgres);

public abstract class Purged_content(PostgresCluster? postgres) : StoreTest(postgres)
{
    [Fact]
    public async Task Is_gone_for_good_while_its_chain_still_verifies_and_the_purge_is_on_record()
    {
        var database = await OpenAsync();
        var (old, young) = (RunId.New(TimeProvider.System), RunId.New(TimeProvider.System));
        var digests = new List<string>();

        foreach (var (run, ended) in new[] { (old, 1000L), (young, 9000L) })
        {
            await database.ExecuteAsync(
                "insert into runs (id, status, created_us, ended_us) values (@run, 'completed', 1, @ended)", Cancel, ("run", run), ("ended", ended));
            await using var recorder = await Recorder.OpenAsync(database, run, TimeProvider.System, Cancel);
            digests.Add(recorder.Keep("the plan to be forgotten"u8));
            recorder.Append(new RunEnded("completed", null, null, null, 0, 0, 0, new Dictionary<string, long>()));
            await recorder.FlushAsync(Cancel);
        }

        var purged = await new RetentionPurge(database).PurgeAsync(DateTimeOffset.UnixEpoch.AddTicks(50_000), null, "olga", Cancel);

        var reader = new AuditReader(database);
        Assert.Equal(1, purged);
        Assert.Null(await reader.ContentAsync(old, digests[0], Cancel));
        Assert.NotNull(await reader.ContentAsync(young, digests[1], Cancel));
        Assert.Empty((await new AuditVerifier(database).VerifyAllAsync(Cancel)).Broken);
        Assert.Equal(("content", 1L, "olga"), (await reader.FactsAsync<RetentionPurged>(StoreRecord.Id, Cancel)).Select(p => (p.Kind, p.Items, p.By)).Single());
        Assert.Equal(0, await new RetentionPurge(database).PurgeAsync(DateTimeOffset.UnixEpoch.AddTicks(50_000), null, "olga", Cancel));
        Assert.Equal(1, await new RetentionPurge(database).PurgeAsync(null, young, "olga", Cancel));
        Assert.Null(await reader.ContentAsync(young, digests[1], Cancel));
    }
}
