using Ringfence.Storage;

namespace Ringfence.Audit;

/// <summary>An event in its place, not durable yet, with what it is found by.</summary>
internal sealed record PendingEvent(long Chain, long Seq, string Type, byte[] Body, byte[] Hash)
{
    /// <summary>Each word once, as it is stored.</summary>
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
    private static readonly string[] EventColumns = ["chain", "seq", "body", "hash"];
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

    /// <summary>Puts the later ones behind these.</summary>
    public void Add(PendingWrites later)
    {
        Events.AddRange(later.Events);
        Blobs.AddRange(later.Blobs);
        Bytes += later.Bytes;
    }

    /// <summary>Adds everything in one go; blobs first, so that no event ever names content that is not there.</summary>
    /// <returns>The numbers of words, to be remembered once all this is durable.</returns>
    public static async Task<Dictionary<Term, long>> InsertAsync(
        DatabaseTransaction transaction, TermStore terms, IReadOnlyList<PendingWrites> all, CancellationToken cancellationToken)
    {
        var blobs = all.SelectMany(writes => writes.Blobs).ToList();
        var events = all.SelectMany(writes => writes.Events).ToList();

        if (blobs.Count > 0)
        {
            await transaction.InsertAsync("blobs", BlobColumns, blobs, Write, cancellationToken);
        }

        await transaction.InsertAsync("events", EventColumns, events, Write, cancellationToken);
        return await IndexAsync(transaction, terms, events, cancellationToken);
    }

    /// <summary>Writes what events are found by; also used to build it anew.</summary>
    public static async Task<Dictionary<Term, long>> IndexAsync(
        DatabaseTransaction transaction, TermStore terms, IReadOnlyList<PendingEvent> events, CancellationToken cancellationToken)
    {
        var numbers = await terms.NumbersAsync(transaction, events, cancellationToken);
        var mentions = new List<(long Term, long Chain, long Seq)>();

        foreach (var written in events)
        {
            foreach (var term in written.Terms)
            {
                mentions.Add((numbers[term], written.Chain, written.Seq));
            }
        }

        if (mentions.Count > 0)
        {
            // In the order of the key, so that neighbours go to the page that is at hand.
            mentions.Sort();
            await transaction.InsertAsync("mentions", MentionColumns, mentions, Write, cancellationToken);
        }

        await SpendRows.AddAsync(transaction, events, cancellationToken);
        return numbers;
    }

    private static void Write(RowWriter row, PendingBlob blob)
    {
        row.Integer(blob.Chain);
        row.Bytes(blob.Digest);
        row.Integer(blob.Bytes);
        row.Integer(blob.Kept);
        row.Bytes(blob.Sealed);
    }

    private static void Write(RowWriter row, PendingEvent written)
    {
        row.Integer(written.Chain);
        row.Integer(written.Seq);
        row.Text(written.Body);
        row.Bytes(written.Hash);
    }

    private static void Write(RowWriter row, (long Term, long Chain, long Seq) mention)
    {
        row.Integer(mention.Term);
        row.Integer(mention.Chain);
        row.Integer(mention.Seq);
    }
}
