using Ringfence.Storage;

namespace Ringfence.Audit;

/// <summary>An event in its place, not durable yet, with what it is found by.</summary>
internal sealed record PendingEvent(long Chain, long Seq, string Type, byte[] Body, byte[] Hash)
{
    public IReadOnlyList<Term> Terms { get; init; } = [];

    public CallSpend? Spend { get; init; }

    /// <summary>Days since 1970 UTC.</summary>
    public long Day { get; init; }
}

/// <summary>Content, compressed and encrypted, not durable yet.</summary>
internal sealed record PendingBlob(long Chain, byte[] Digest, long Bytes, long Kept, byte[] Sealed);

/// <summary>What one recorder hands to the writer at once.</summary>
internal sealed class PendingWrites
{
    private static readonly string[] EventColumns = ["chain", "seq", "type", "body", "hash"];
    private static readonly string[] BlobColumns = ["chain", "digest", "bytes", "kept", "content"];
    private static readonly string[] MentionColumns = ["term", "chain", "seq"];

    public List<PendingEvent> Events { get; } = [];

    public List<PendingBlob> Blobs { get; } = [];

    public long Count => Events.Count + Blobs.Count;

    public long Bytes { get; private set; }

    public void Add(PendingEvent written)
    {
        Events.Add(written);
        Bytes += written.Body.Length;
    }

    public void Add(PendingBlob blob)
    {
        Blobs.Add(blob);
        Bytes += blob.Sealed.Length;
    }

    /// <summary>Adds everything in one go; blobs first, so that no event ever names content that is not there.</summary>
    /// <returns>The numbers of words, to be remembered once all this is durable.</returns>
    public static async Task<Dictionary<Term, long>> InsertAsync(
        DatabaseTransaction transaction, TermStore terms, IReadOnlyList<PendingWrites> all, CancellationToken cancellationToken)
    {
        var blobs = all.SelectMany(writes => writes.Blobs).Select(b => new object?[] { b.Chain, b.Digest, b.Bytes, b.Kept, b.Sealed }).ToList();
        var events = all.SelectMany(writes => writes.Events).ToList();

        if (blobs.Count > 0)
        {
            await transaction.InsertAsync("blobs", BlobColumns, blobs, cancellationToken);
        }

        await transaction.InsertAsync(
            "events",
            EventColumns,
            events.Select(e => new object?[] { e.Chain, e.Seq, e.Type, new Utf8Text(e.Body), e.Hash }),
            cancellationToken);

        return await IndexAsync(transaction, terms, events, cancellationToken);
    }

    /// <summary>Writes what events are found by; also used to build it anew.</summary>
    public static async Task<Dictionary<Term, long>> IndexAsync(
        DatabaseTransaction transaction, TermStore terms, IReadOnlyList<PendingEvent> events, CancellationToken cancellationToken)
    {
        var numbers = await terms.NumbersAsync(transaction, events.SelectMany(e => e.Terms), cancellationToken);
        var mentions = events.SelectMany(e => e.Terms.Distinct().Select(term => new object?[] { numbers[term], e.Chain, e.Seq })).ToList();

        if (mentions.Count > 0)
        {
            await transaction.InsertAsync("mentions", MentionColumns, mentions, cancellationToken);
        }

        await SpendRows.AddAsync(transaction, events, cancellationToken);
        return numbers;
    }
}
