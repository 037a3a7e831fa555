using Ringfence.Audit;
using Ringfence.Runs;
using Ringfence.Storage;

namespace Ringfence.Approvals;

/// <summary>
/// A waiting run, held for the moment of an answer. Nobody works on a waiting run, so whoever writes its record must hold it: two at once would
/// give one number to two events.
/// </summary>
internal sealed class WaitingRun : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);
    private const int MostPauses = 200;

    private readonly Database database;
    private readonly RunStore store;

    private WaitingRun(Database database, RunStore store, Run run, Recorder recorder)
    {
        this.database = database;
        this.store = store;
        Run = run;
        Recorder = recorder;
    }

    public Run Run { get; private set; }

    public Recorder Recorder { get; }

    /// <summary>Null when the run does not wait (any more).</summary>
    public static async Task<WaitingRun?> TakeAsync(Database database, RunStore store, RunId id, TimeProvider time, CancellationToken cancellationToken)
    {
        // Another answer may be going in at this moment; it takes milliseconds.
        for (var tries = 0; tries < MostPauses; tries++)
        {
            var now = time.GetUtcNow();

            if (await database.ExecuteAsync(
                """
                update runs set worker = @me, lease_expires_us = @lease
                 where id = @id and status = 'waiting' and (worker is null or lease_expires_us < @now)
                """,
                cancellationToken, ("id", id), ("me", WorkerId.Current.ToString()), ("lease", now + RunStore.LeaseTime), ("now", now)) == 1)
            {
                var run = (await store.FindAsync(id.Value, CancellationToken.None)).Value;
                return new WaitingRun(database, store, run, await Recorder.OpenAsync(database, id, time, CancellationToken.None));
            }

            if ((await store.FindAsync(id.Value, cancellationToken)).Value.Status != RunStatus.Waiting)
            {
                return null;
            }

            await Task.Delay(Pause, time, cancellationToken);
        }

        throw new TimeoutException($"Run {id} is held by another process.");
    }

    /// <summary>Lets the run go on: whoever is free takes it from here.</summary>
    public async Task RequeueAsync(RunCheckpoint? checkpoint) => Run = await RunStore.RequeueAsync(
        Run with { Checkpoint = checkpoint }, "decided", database.Time.GetUtcNow(), Recorder, CancellationToken.None);

    public async Task EndAsync(RunStatus status, FailReason? reason, string message, string? by)
    {
        if (Run.Tree is { } tree && Run.ChangeDigest is { } digest)
        {
            Recorder.Append(new RunSalvaged(tree, digest, (await new AuditReader(database).FactsAsync<FileChanged>(Run.Id, CancellationToken.None)).DistinctBy(f => f.Path).Count()));
        }

        Run = await store.EndAsync(
            Run,
            new RunEnded(
                RunStore.Name(status), reason?.ToName(), message, by, Run.Turns, Run.Cost.Nanodollars,
                (long)(database.Time.GetUtcNow() - Run.CreatedAt).TotalMilliseconds, new Dictionary<string, long>()),
            Recorder, CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await Recorder.DisposeAsync();

        // One that is queued again was let go of with its move, and may have been taken up by this same process since.
        await database.ExecuteAsync(
            "update runs set worker = null, lease_expires_us = null where id = @id and worker = @me and status = 'waiting'",
            CancellationToken.None, ("id", Run.Id), ("me", WorkerId.Current.ToString()));
    }
}
