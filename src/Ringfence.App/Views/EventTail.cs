using System.Runtime.CompilerServices;
using Ringfence.Audit;
using Ringfence.Runs;
using Ringfence.Storage;

namespace Ringfence.App.Views;

/// <summary>Runs' events from the store, to the last one and, when followed, until the run has ended. Loses nothing, in whichever process the run is.</summary>
internal sealed class EventTail(Database database)
{
    private readonly AuditReader reader = new(database);
    private readonly RecordWatch watch = new(database, TimeProvider.System);

    /// <param name="after">Only events after this one; -1 for all.</param>
    /// <param name="complete">Says that nothing more will come, also when the run's end could not be recorded: what is there is read, and that is all.</param>
    public async IAsyncEnumerable<AuditEvent> FollowAsync(
        RunId run, bool follow, long after, CancellationToken complete, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(complete, cancellationToken);

        while (true)
        {
            var isLast = !follow || complete.IsCancellationRequested;

            await foreach (var happened in reader.EventsAsync(run, after, [], cancellationToken))
            {
                after = happened.Seq;
                yield return happened;

                if (happened.Type == "run.ended")
                {
                    yield break;
                }
            }

            if (isLast)
            {
                yield break;
            }

            try
            {
                await watch.WaitAsync(run, after, enough.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // Complete: one last look.
            }
        }
    }
}
