namespace Ringfence.Audit;

/// <summary>
/// What a recorder accepted and the disk does not have yet: bounded, so that a fact is never dropped and memory has an end. Filled from any thread,
/// emptied by the writer.
/// </summary>
internal sealed class RecorderBacklog(string owner)
{
    private const long Most = 8192;
    private const long MostBytes = 64 << 20;

    private readonly object sync = new();
    private readonly List<(long Target, TaskCompletionSource Reached)> waiters = [];
    private PendingWrites pending = new();
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

    public PendingWrites Take()
    {
        lock (sync)
        {
            var taken = pending;
            pending = new PendingWrites();
            return taken;
        }
    }

    public void Acknowledge(PendingWrites writes)
    {
        lock (sync)
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
    }

    /// <summary>Nothing is accepted from now on: the record has a hole, or may have one.</summary>
    public void Break(Exception cause)
    {
        lock (sync)
        {
            broken ??= cause;
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
}
