using System.Security.Cryptography;
using Ringfence.Runs;
using Ringfence.Secrets;
using Ringfence.Storage;

namespace Ringfence.Audit;

/// <summary>
/// The one recorder of a run: gives each fact its place, redacts it, seals it into the chain, and hands it to the writer. Safe to use from any
/// thread. Disposing waits until everything accepted is durable.
/// </summary>
public sealed class Recorder : IRecorder, IAsyncDisposable
{
    /// <summary>Content beyond this is counted and digested, but not kept.</summary>
    public const int MostBytesKept = 32 << 20;

    // Beyond this, Append waits for the disk: a fact is never dropped, and memory has an end.
    private const long MostPending = 8192;
    private const long MostPendingBytes = 64 << 20;

    // Order and durability have a lock each: an event may be placed while others are being written.
    private readonly SemaphoreSlim order = new(1, 1);
    private readonly object pendingLock = new();
    private readonly List<(long Target, TaskCompletionSource Reached)> waiters = [];
    private readonly CanonicalJson json = new();
    private readonly LiveFeed feed = new();
    private readonly EventWriter writer;
    private readonly Database database;
    private readonly ChainHead head;
    private PendingWrites pending = new();
    private long accepted;
    private long written;
    private long bytesWaiting;
    private Exception? broken;

    private Recorder(Database database, ChainHead head)
    {
        this.database = database;
        this.head = head;
        writer = EventWriter.For(database);
    }

    public RunId Run => head.Run;

    /// <summary>
    /// Takes the run's secrets out of every string and all content before it is hashed or written. Set it before the first fact that could carry
    /// one: what is recorded cannot be taken back.
    /// </summary>
    public SecretRedactor Redactor { get; set; } = SecretRedactor.None;

    /// <summary>How many events of each type there are so far. <c>run.ended</c> gets them by itself.</summary>
    public IReadOnlyDictionary<string, long> Counts
    {
        get
        {
            order.Wait();

            try
            {
                return new Dictionary<string, long>(head.Counts);
            }
            finally
            {
                order.Release();
            }
        }
    }

    /// <summary>Number that the next event will get: how many there are.</summary>
    public long Count => head.NextSeq;

    /// <summary>Hash of the last event placed, lower-case hex: names everything that was recorded until now.</summary>
    public string Head
    {
        get
        {
            order.Wait();

            try
            {
                return head.Hash;
            }
            finally
            {
                order.Release();
            }
        }
    }

    /// <summary>Opens the record of a run: a new chain, or the old one to go on with after a restart.</summary>
    /// <exception cref="RecordUnavailableException">The chain that is there does not verify, or the database cannot be used.</exception>
    public static async Task<Recorder> OpenAsync(Database database, RunId run, TimeProvider time, CancellationToken cancellationToken) =>
        new(database, await ChainHead.OpenAsync(database, run, time, cancellationToken));

    /// <summary>What is durable of one kind of fact, in order: also from before a restart.</summary>
    public Task<IReadOnlyList<T>> FactsAsync<T>(CancellationToken cancellationToken)
        where T : AuditFact => new AuditReader(database).FactsAsync<T>(Run, cancellationToken);

    /// <summary>The same for several types, as events.</summary>
    public Task<IReadOnlyList<AuditEvent>> EventsAsync(IReadOnlyCollection<string> types, CancellationToken cancellationToken) =>
        new AuditReader(database).AllAsync(Run, cancellationToken, types);

    public long Append(AuditFact fact)
    {
        if (database.IsInsideTransaction)
        {
            throw new InvalidOperationException("Inside a transaction, a fact is recorded with CommitAsync.");
        }

        order.Wait();

        try
        {
            WaitForRoom();
            return Accept(head.Place(json, fact, Redactor.Redact));
        }
        finally
        {
            order.Release();
        }
    }

    public async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        Task reached;

        lock (pendingLock)
        {
            ThrowIfBroken();

            if (written >= accepted)
            {
                return;
            }

            var waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            waiters.Add((accepted, waiter));
            reached = waiter.Task;
        }

        writer.Wake(this, now: true);
        await reached.WaitAsync(cancellationToken);
    }

    /// <remarks>The digest is that of what is kept: without secrets.</remarks>
    public string Keep(ReadOnlySpan<byte> content)
    {
        if (!Redactor.IsEmpty && Redactor.TryRedact(content, out var redacted, out _))
        {
            content = redacted;
        }

        var digest = SHA256.HashData(content);
        var name = Convert.ToHexStringLower(digest);

        lock (pendingLock)
        {
            ThrowIfBroken();

            if (!head.Kept.Add(name))
            {
                return name;
            }
        }

        var part = content[..Math.Min(content.Length, MostBytesKept)];
        Accept(new PendingBlob(head.Chain, digest, content.Length, part.Length, ContentSeal.Seal(head.Key, digest, part)));
        return name;
    }

    /// <summary>
    /// Records a fact and changes the store in one transaction: both are durable when this returns, or neither happened. For state moves,
    /// checkpoints, approvals and reservations. Other facts wait meanwhile, so keep <paramref name="alongside"/> short; it may run more than once
    /// and must not call the recorder. What it throws is thrown here, and then nothing was recorded.
    /// </summary>
    /// <exception cref="RecordUnavailableException">The record cannot be written.</exception>
    public async Task<long> CommitAsync(AuditFact fact, Func<DatabaseTransaction, Task> alongside, CancellationToken cancellationToken)
    {
        await order.WaitAsync(cancellationToken);

        try
        {
            await FlushAsync(cancellationToken);
            var placed = head.Place(json, fact, Redactor.Redact);
            await CommitAsync(placed, alongside);
            head.Take(placed);
            feed.Publish(placed.Body);
            return placed.Seq;
        }
        finally
        {
            order.Release();
        }
    }

    /// <summary>
    /// Shows what is recorded from now on, in order, on a thread of its own. Lossy by contract: a screen that is far behind misses the oldest; the
    /// record itself is complete. Disposing waits until what was recorded before is shown.
    /// </summary>
    public IDisposable Subscribe(Action<AuditEvent> show) => feed.Subscribe(show);

    public async ValueTask DisposeAsync()
    {
        try
        {
            await FlushAsync(CancellationToken.None);
        }
        catch (RecordUnavailableException)
        {
            // Whoever appended was told, or will never ask.
        }

        order.Dispose();
    }

    internal PendingWrites TakePending()
    {
        lock (pendingLock)
        {
            var taken = pending;
            pending = new PendingWrites();
            return taken;
        }
    }

    internal void Acknowledge(PendingWrites writes)
    {
        lock (pendingLock)
        {
            written += writes.Count;
            bytesWaiting -= writes.Bytes;

            foreach (var (_, reached) in waiters.Where(waiter => waiter.Target <= written))
            {
                reached.TrySetResult();
            }

            waiters.RemoveAll(waiter => waiter.Target <= written);
            Monitor.PulseAll(pendingLock);
        }
    }

    internal void Break(Exception cause)
    {
        lock (pendingLock)
        {
            broken ??= cause;
            var failure = Unavailable();
            waiters.ForEach(waiter => waiter.Reached.TrySetException(failure));
            waiters.Clear();
            Monitor.PulseAll(pendingLock);
        }
    }

    private async Task CommitAsync(PendingEvent placed, Func<DatabaseTransaction, Task> alongside)
    {
        var writes = new PendingWrites();
        writes.Add(placed);
        var inDoubt = false;

        try
        {
            writer.Terms.Remember(await database.InTransactionAsync(
                async transaction =>
                {
                    inDoubt = false;
                    await alongside(transaction);
                    inDoubt = true;
                    return await PendingWrites.InsertAsync(transaction, writer.Terms, [writes], CancellationToken.None);
                },
                CancellationToken.None));
        }
        catch (Exception exception) when (inDoubt)
        {
            // It may or may not be there: going on could give its number to another event.
            Break(exception);
            throw Unavailable();
        }
    }

    private long Accept(PendingEvent placed)
    {
        head.Take(placed);

        lock (pendingLock)
        {
            pending.Add(placed);
            Charge(placed.Body.Length);
        }

        feed.Publish(placed.Body);
        writer.Wake(this, now: false);
        return placed.Seq;
    }

    private void Accept(PendingBlob blob)
    {
        lock (pendingLock)
        {
            pending.Add(blob);
            Charge(blob.Sealed.Length);
        }

        writer.Wake(this, now: false);
    }

    private void Charge(long bytes)
    {
        accepted++;
        bytesWaiting += bytes;
    }

    private void WaitForRoom()
    {
        lock (pendingLock)
        {
            ThrowIfBroken();

            while (accepted - written >= MostPending || bytesWaiting >= MostPendingBytes)
            {
                writer.Wake(this, now: true);
                Monitor.Wait(pendingLock);
                ThrowIfBroken();
            }
        }
    }

    private void ThrowIfBroken()
    {
        if (broken is not null)
        {
            throw Unavailable();
        }
    }

    private RecordUnavailableException Unavailable() => new($"The record of run {Run} cannot be written: {broken!.Message}", broken);
}
