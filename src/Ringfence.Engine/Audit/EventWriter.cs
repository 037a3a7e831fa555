using System.Runtime.CompilerServices;
using Ringfence.Storage;

namespace Ringfence.Audit;

/// <summary>
/// Makes what recorders accepted durable, many runs in one transaction: a commit waits for the disk whether it holds one event or a thousand.
/// One per database and process. It runs only while there is something to write, so there is nothing to stop.
/// </summary>
internal sealed class EventWriter
{
    // How long an event may wait for company when nobody waits for it.
    private static readonly TimeSpan Grouping = TimeSpan.FromMilliseconds(20);

    private static readonly ConditionalWeakTable<Database, EventWriter> Writers = [];

    private readonly Database database;
    private readonly Lock sync = new();
    private readonly HashSet<Recorder> dirty = [];
    private TaskCompletionSource urgent = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool running;

    private EventWriter(Database database) => this.database = database;

    public TermStore Terms { get; } = new();

    public static EventWriter For(Database database) => Writers.GetValue(database, static key => new EventWriter(key));

    /// <summary>Says that a recorder holds something.</summary>
    /// <param name="now">Somebody waits for it.</param>
    public void Wake(Recorder recorder, bool now)
    {
        lock (sync)
        {
            dirty.Add(recorder);

            if (now)
            {
                urgent.TrySetResult();
            }

            if (running)
            {
                return;
            }

            running = true;
        }

        // Not in the flow of the caller: it may stand inside a transaction of its own.
        using (ExecutionContext.SuppressFlow())
        {
            _ = Task.Run(RunAsync);
        }
    }

    private async Task RunAsync()
    {
        while (true)
        {
            await Task.WhenAny(urgent.Task, Task.Delay(Grouping, TimeProvider.System));
            var batch = Take();

            if (batch.Count == 0)
            {
                return;
            }

            if (!await TryWriteAsync(batch) && batch.Count > 1)
            {
                // One of them may be what the database refuses: the others go on without it.
                foreach (var one in batch)
                {
                    await TryWriteAsync([one]);
                }
            }
        }
    }

    private List<(Recorder Recorder, PendingWrites Writes)> Take()
    {
        lock (sync)
        {
            var batch = dirty.Select(recorder => (recorder, recorder.TakePending())).Where(pair => pair.Item2.Count > 0).ToList();
            dirty.Clear();
            running = batch.Count > 0;
            urgent = new(TaskCreationOptions.RunContinuationsAsynchronously);
            return batch;
        }
    }

    private async Task<bool> TryWriteAsync(List<(Recorder Recorder, PendingWrites Writes)> batch)
    {
        try
        {
            Terms.Remember(await database.InTransactionAsync(
                transaction => PendingWrites.InsertAsync(transaction, Terms, [.. batch.Select(pair => pair.Writes)], CancellationToken.None),
                CancellationToken.None));
        }
#pragma warning disable CA1031 // Whatever it was, the record has a hole now: the runs stop, and they are told why.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            if (batch.Count == 1)
            {
                batch[0].Recorder.Break(exception);
            }

            return false;
        }

        foreach (var (recorder, writes) in batch)
        {
            recorder.Acknowledge(writes);
        }

        return true;
    }
}
