using Ringfence.Runs;
using Ringfence.Storage;

namespace Ringfence.Audit;

/// <summary>
/// Forgets content: the keys of old runs are deleted, and with them what they encrypted. The chains stay whole and verify; the purge is itself
/// on record. Events are kept: what they say is short, redacted and the proof.
/// </summary>
public sealed class RetentionPurge(Database database)
{
    private const string Old = """
        select c.number from chains c join runs r on r.id = c.run
         where r.ended_us is not null and (r.ended_us < @before or r.id = @run)
           and (exists (select 1 from run_keys k where k.chain = c.number) or exists (select 1 from blobs b where b.chain = c.number))
        """;

    /// <summary>Purges the content of ended runs and returns of how many.</summary>
    /// <param name="before">Runs that ended before; null for none but <paramref name="run"/>.</param>
    public async Task<long> PurgeAsync(DateTimeOffset? before, RunId? run, string by, CancellationToken cancellationToken)
    {
        (string, object?)[] which = [("before", before?.ToUnixTimeMicroseconds() ?? 0), ("run", run?.Value ?? "")];
        var count = await database.QuerySingleAsync($"select count(*) from ({Old}) as old", row => row.GetInt64(0), cancellationToken, which);

        if (count == 0)
        {
            return 0;
        }

        await StoreRecord.CommitAsync(
            database, new RetentionPurged("content", count, by),
            async transaction =>
            {
                // Both name the runs by what is still there, so the content goes first and the keys, which end it, last.
                await transaction.ExecuteAsync($"delete from blobs where chain in ({Old})", CancellationToken.None, which);
                await transaction.ExecuteAsync($"delete from run_keys where chain in ({Old})", CancellationToken.None, which);
            },
            cancellationToken);

        if (database.Dialect == Dialect.Sqlite)
        {
            // What was overwritten in the file may still stand in the log beside it.
            await database.ExecuteAsync("pragma wal_checkpoint(truncate)", cancellationToken);
        }

        return count;
    }
}
