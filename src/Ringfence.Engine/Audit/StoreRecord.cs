using Ringfence.Runs;
using Ringfence.Storage;

namespace Ringfence.Audit;

/// <summary>
/// The store's own chain: what was done to the record as a whole (digests, purges, exports). It is chained like a run's, under an id that no run
/// can have.
/// </summary>
public static class StoreRecord
{
    public static RunId Id { get; } = new("0000000000000000");

    /// <summary>Records a fact about the store and does what it is about, in one transaction. Several processes may at once: who is second tries again.</summary>
    public static async Task CommitAsync(
        Database database, AuditFact fact, Func<DatabaseTransaction, Task> alongside, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            await using var recorder = await Recorder.OpenAsync(database, Id, database.Time, cancellationToken);

            try
            {
                await recorder.CommitAsync(fact, alongside, cancellationToken);
                return;
            }
            catch (RecordUnavailableException) when (attempt < 5)
            {
                // Another process took the number; the next opening sees its event.
            }
        }
    }
}
