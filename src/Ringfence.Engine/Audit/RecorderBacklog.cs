namespace Ringfence.Audit;

/// <summary>
/// What a recorder accepted and the disk does not have yet: bounded, so that a fact is never dropped and memory has an end. Filled from any thread;
/// emptied by the writer, or by the recorder itself when a commit takes it along, and never by both at once: what came first is durable first.
/// </summary>
internal sealed class RecorderBacklog(string owner)
{
    private const long Most = 8192;
    private const long MostBytes = 64 << 20;

    private readonly object sync = new();
    private readonly List<(long Target, TaskCompletionSource Reached)> waiters = [];
    private PendingWrites pending = new();
    private TaskCompletionSource? writing;
    private bool claimed;
    private long accepted;
    private long written;
    private long bytes;
    private Exception? broken;

    public void Add(PendingEvent placed)
    {
        lock (sync)
        {
            pending.Add(placed);
            Count(placed.Body.Length);
        }
    }

    public void Add(PendingBlob blob)
    {
        lock (sync)
        {
            pending.Add(blob);
            Count(blob.Sealed.Length);
        }
    }

    /// <summary>Waits until there is room for another fact.</summary>
    /// <param name="hurry">Called when there is none.</param>
    public void WaitForRoom(Action hurry)
    {
        lock (sync)
        {
            ThrowIfBroken();

            while (accepted - written >= Most || bytes >= MostBytes)
            {
                hurry();
                Monitor.Wait(sync);
                ThrowIfBroken();
            }
        }
    }

    /// <summary>Completes when everything accepted until now is durable; null when it is.</summary>
    public Task? Durable()
    {
        lock (sync)
        {
            ThrowIfBroken();

            if (written >= accepted)
            {
                return null;
            }

            var waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            waiters.Add((accepted, waiter));
            return waiter.Task;
        }
    }

    /// <summary>Takes what is there for the writer, who acknowledges it or breaks this. Nothing while a commit has it, or after a hole.</summary>
    public PendingWrites Take()
    {
        lock (sync)
        {
            if (claimed || broken is not null || pending.Count == 0)
            {
                return new PendingWrites();
            }

            writing = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return TakeAll();
        }
    }

    public void Acknowledge(PendingWrites writes)
    {
        lock (sync)
        {
            EndWriting();
            Settle(writes);
        }
    }

    /// <summary>
    /// Takes what is there for a commit, once the writer is done with what it took before. The writer gets nothing until <see cref="Release"/>, which must
    /// follow whatever becomes of this.
    /// </summary>
    public async Task<PendingWrites> ClaimAsync(CancellationToken cancellationToken)
    {
        Task? before;

        lock (sync)
        {
            ThrowIfBroken();
            claimed = true;
            before = writing?.Task;
        }

        await (before ?? Task.CompletedTask).WaitAsync(cancellationToken);

        lock (sync)
        {
            ThrowIfBroken();
            return TakeAll();
        }
    }

    /// <summary>Ends a claim: what was taken is durable now, or stands in front again as if nobody had touched it.</summary>
    /// <returns>True when there is something for the writer, who may have come meanwhile and found nothing.</returns>
    public bool Release(PendingWrites writes, bool durable)
    {
        lock (sync)
        {
            claimed = false;

            if (durable)
            {
                Settle(writes);
            }
            else
            {
                writes.Add(pending);
                pending = writes;
            }

            return pending.Count > 0;
        }
    }

    /// <summary>Nothing is accepted from now on: the record has a hole, or may have one.</summary>
    public void Break(Exception cause)
    {
        lock (sync)
        {
            broken ??= cause;
            EndWriting();
            var failure = Unavailable();
            waiters.ForEach(waiter => waiter.Reached.TrySetException(failure));
            waiters.Clear();
            Monitor.PulseAll(sync);
        }
    }

    public void ThrowIfBroken()
    {
        lock (sync)
        {
            if (broken is not null)
            {
                throw Unavailable();
            }
        }
    }

    private RecordUnavailableException Unavailable() => new($"The record of {owner} cannot be written: {broken!.Message}", broken);

    private void Count(long length)
    {
        accepted++;
        bytes += length;
    }

    private void Settle(PendingWrites writes)
    {
        written += writes.Count;
        bytes -= writes.Bytes;

        foreach (var (_, reached) in waiters.Where(waiter => waiter.Target <= written))
        {
            reached.TrySetResult();
        }

        waiters.RemoveAll(waiter => waiter.Target <= written);
        Monitor.PulseAll(sync);
    }

    private PendingWrites TakeAll()
    {
        var taken = pending;
        pending = new PendingWrites();
        return taken;
    }

    private void EndWriting()
    {
        writing?.TrySetResult();
        writing = null;
    }
}
