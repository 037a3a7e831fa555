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

    // Order and durability have a lock each: an event may be placed while others are being written.
    private readonly SemaphoreSlim order = new(1, 1);
    private readonly RecorderBacklog backlog;
    private readonly CanonicalJson json = new();
    private readonly LiveFeed feed = new();
    private readonly EventWriter writer;
    private readonly Database database;
    private readonly ChainHead head;

    private Recorder(Database database, ChainHead head)
    {
        this.database = database;
        this.head = head;
        backlog = new RecorderBacklog($"run {head.Run}");
        writer = EventWriter.For(database);
    }

    public RunId Run => head.Run;

    /// <summary>
    /// Takes the run's secrets out of every string and all content before it is hashed or written. Set it before the first fact that could carry
    /// one: what is recorded cannot be taken back.
    /// </summary>
    public SecretRedactor Redactor { get; set; } = SecretRedactor.None;

    /// <summary>How many events of each type there are so far. <c>run.ended</c> gets them by itself.</summary>
    public IReadOnlyDictionary<string, long> Counts => InOrder(() => new Dictionary<string, long>(head.Counts));

    /// <summary>Number that the next event will get: how many there are.</summary>
    public long Count => head.NextSeq;

    /// <summary>Hash of the last event placed, lower-case hex: names everything that was recorded until now.</summary>
    public string Head => InOrder(() => head.Hash);

    /// <summary>Opens the record of a run: a new chain, or the old one to go on with after a restart.</summary>
    /// <exception cref="RecordUnavailableException">The chain that is there does not verify, or the database cannot be used.</exception>
    public static async Task<Recorder> OpenAsync(Database database, RunId run, TimeProvider time, CancellationToken cancellationToken) =>
        new(database, await ChainHead.OpenAsync(database, run, time, cancellationToken));

    /// <summary>Everything recorded so far of one kind of fact, in order: also from before a restart.</summary>
    /// <exception cref="RecordUnavailableException">The record cannot be written.</exception>
    public async Task<IReadOnlyList<T>> FactsAsync<T>(CancellationToken cancellationToken)
        where T : AuditFact
    {
        await FlushAsync(cancellationToken);
        return await new AuditReader(database).FactsAsync<T>(Run, cancellationToken);
    }

    /// <summary>The same for several types, as events.</summary>
    /// <exception cref="RecordUnavailableException">The record cannot be written.</exception>
    public async Task<IReadOnlyList<AuditEvent>> EventsAsync(IReadOnlyCollection<string> types, CancellationToken cancellationToken)
    {
        await FlushAsync(cancellationToken);
        return await new AuditReader(database).AllAsync(Run, cancellationToken, types);
    }

    public long Append(AuditFact fact)
    {
        if (database.IsInsideTransaction)
        {
            throw new InvalidOperationException("Inside a transaction, a fact is recorded with CommitAsync.");
        }

        return InOrder(() =>
        {
            backlog.WaitForRoom(Hurry);
            return Accept(head.Place(json, fact, Redactor.Redact, []));
        });
    }

    public async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        if (backlog.Durable() is { } durable)
        {
            Hurry();
            await durable.WaitAsync(cancellationToken);
        }
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

        backlog.ThrowIfBroken();

        lock (head.Kept)
        {
            if (!head.Kept.Add(name))
            {
                return name;
            }
        }

        var part = content[..Math.Min(content.Length, MostBytesKept)];
        backlog.Add(new PendingBlob(head.Chain, digest, content.Length, part.Length, ContentSeal.Seal(head.Key, digest, part)));
        writer.Wake(this, now: false);
        return name;
    }

    /// <inheritdoc cref="CommitAsync(IReadOnlyList{AuditFact}, Func{DatabaseTransaction, Task}, CancellationToken)"/>
    public Task<long> CommitAsync(AuditFact fact, Func<DatabaseTransaction, Task> alongside, CancellationToken cancellationToken) =>
        CommitAsync([fact], alongside, cancellationToken);

    /// <summary>
    /// Records facts and changes the store in one transaction: all is durable when this returns, or nothing of it happened. For state moves,
    /// checkpoints, approvals and reservations. What was appended before goes into the same transaction. Other facts wait meanwhile, so keep
    /// <paramref name="alongside"/> short; it may run more than once and must not call the recorder. What it throws is thrown here, and then nothing was
    /// recorded but what was appended before.
    /// </summary>
    /// <param name="facts">One or more, in order.</param>
    /// <returns>The number of the last.</returns>
    /// <exception cref="RecordUnavailableException">The record cannot be written.</exception>
    public async Task<long> CommitAsync(IReadOnlyList<AuditFact> facts, Func<DatabaseTransaction, Task> alongside, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfZero(facts.Count);
        await order.WaitAsync(cancellationToken);
        var before = new PendingWrites();
        var durable = false;

        try
        {
            before = await backlog.ClaimAsync(cancellationToken);
            var placed = new PendingWrites();

            foreach (var fact in facts)
            {
                placed.Add(head.Place(json, fact, Redactor.Redact, placed.Events));
            }

            await CommitAsync([before, placed], alongside);
            durable = true;

            foreach (var happened in placed.Events)
            {
                head.Take(happened);
                feed.Publish(happened.Body);
            }

            return placed.Events[^1].Seq;
        }
        finally
        {
            if (backlog.Release(before, durable))
            {
                Hurry();
            }

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

    internal PendingWrites TakePending() => backlog.Take();

    internal void Acknowledge(PendingWrites writes) => backlog.Acknowledge(writes);

    internal void Break(Exception cause) => backlog.Break(cause);

    private async Task CommitAsync(IReadOnlyList<PendingWrites> writes, Func<DatabaseTransaction, Task> alongside)
    {
        var inDoubt = false;

        try
        {
            writer.Terms.Remember(await database.InTransactionAsync(
                async transaction =>
                {
                    inDoubt = false;
                    await alongside(transaction);
                    inDoubt = true;
                    return await PendingWrites.InsertAsync(transaction, writer.Terms, writes, CancellationToken.None);
                },
                CancellationToken.None));
        }
        catch (Exception exception) when (inDoubt)
        {
            // It may or may not be there: going on could give its number to another event.
            backlog.Break(exception);
            backlog.ThrowIfBroken();
            throw;
        }
    }

    private long Accept(PendingEvent placed)
    {
        head.Take(placed);
        backlog.Add(placed);
        feed.Publish(placed.Body);
        writer.Wake(this, now: false);
        return placed.Seq;
    }

    private void Hurry() => writer.Wake(this, now: true);

    private T InOrder<T>(Func<T> work)
    {
        order.Wait();

        try
        {
            return work();
        }
        finally
        {
            order.Release();
        }
    }
}
