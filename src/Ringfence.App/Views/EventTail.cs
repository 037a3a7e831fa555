using System.Runtime.CompilerServices;
using Ringfence.Audit;
using Ringfence.Runs;

namespace Ringfence.App.Views;

/// <summary>A run's events from the store, to the last one and, when followed, until the run has ended. Loses nothing, in whichever process the run is.</summary>
internal static class EventTail
{
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(100);

    // A run in which nothing happens is asked less often: a server may have a thousand such streams.
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(800);

    /// <param name="after">Only events after this one; -1 for all.</param>
    /// <param name="complete">Says that nothing more will come, also when the run's end could not be recorded: what is there is read, and that is all.</param>
    public static async IAsyncEnumerable<AuditEvent> FollowAsync(
        AuditReader reader, RunId run, bool follow, long after, CancellationToken complete, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (last, pause) = (after, Shortest);

        while (true)
        {
            var isLast = !follow || complete.IsCancellationRequested;

            await foreach (var happened in reader.EventsAsync(run, last, [], cancellationToken))
            {
                (last, pause) = (happened.Seq, Shortest);
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

            await Task.Delay(pause, TimeProvider.System, complete).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            pause = pause * 2 < Longest ? pause * 2 : Longest;
            cancellationToken.ThrowIfCancellationRequested();
        }
    }
}
