using Ringfence.Storage;

namespace Ringfence.Audit;

/// <summary>An event in its place, not durable yet.</summary>
internal sealed record PendingEvent(long Chain, long Seq, string Type, byte[] Body, byte[] Hash);

/// <summary>Content, compressed and encrypted, not durable yet.</summary>
internal sealed record PendingBlob(long Chain, byte[] Digest, long Bytes, long Kept, byte[] Sealed);

/// <summary>What one recorder hands to the writer at once.</summary>
internal sealed class PendingWrites
{
    private static readonly string[] EventColumns = ["chain", "seq", "type", "body", "hash"];
    private static readonly string[] BlobColumns = ["chain", "digest", "bytes", "kept", "content"];

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
    public static async Task InsertAsync(DatabaseTransaction transaction, IReadOnlyList<PendingWrites> all, CancellationToken cancellationToken)
    {
        var blobs = all.SelectMany(writes => writes.Blobs).Select(b => new object?[] { b.Chain, b.Digest, b.Bytes, b.Kept, b.Sealed }).ToList();

        if (blobs.Count > 0)
        {
            await transaction.InsertAsync("blobs", BlobColumns, blobs, cancellationToken);
        }

        await transaction.InsertAsync(
            "events",
            EventColumns,
            all.SelectMany(writes => writes.Events)
                .Select(e => new object?[] { e.Chain, e.Seq, e.Type, System.Text.Encoding.UTF8.GetString(e.Body), e.Hash }),
            cancellationToken);
    }
}
