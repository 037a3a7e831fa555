using System.Runtime.CompilerServices;
using Ringfence.Audit;
using Ringfence.Runs;

namespace Ringfence.App.Views;

/// <summary>A run's events from the store, to the last one and, when followed, until the run has ended. Loses nothing, in whichever process the run is.</summary>
internal static class EventTail
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    public static async IAsyncEnumerable<AuditEvent> FollowAsync(
        AuditReader reader, RunId run, bool follow, [EnumeratorCancellation] CancellationToken cancellationToken, long after = -1)
    {
        var last = after;

        while (true)
        {
            await foreach (var happened in reader.EventsAsync(run, last, [], cancellationToken))
            {
                last = happened.Seq;
                yield return happened;

                if (happened.Type == "run.ended")
                {
                    yield break;
                }
            }

            if (!follow)
            {
                yield break;
            }

            await Task.Delay(Pause, TimeProvider.System, cancellationToken);
        }
    }
}
