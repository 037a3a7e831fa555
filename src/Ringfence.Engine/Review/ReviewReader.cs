using System.Text;
using Ringfence.Workspaces;

namespace Ringfence.Review;

/// <summary>Reads what the gates look at from the collected tree: one git process for all files.</summary>
public static class ReviewReader
{
    // What is not read is a finding. An agent can write more than there is memory, or time, for.
    private const int LargestFile = 4 << 20;
    private const long LargestTogether = 32 << 20;
    private const int SubmoduleMode = 0xE000; // 160000

    public static async Task<Result<IReadOnlyList<ReviewFile>>> ReadAsync(
        Workspace workspace, ChangeSet changes, CancellationToken cancellationToken)
    {
        var wanted = changes.Files.Where(f => f.Mode != SubmoduleMode).SelectMany(f => new[] { f.BeforeOid, f.AfterOid })
            .OfType<string>().Distinct(StringComparer.Ordinal).ToList();
        var read = await BlobReader.ReadAsync(Git.Own(workspace.GitDirectory), wanted, LargestFile, LargestTogether, cancellationToken);

        if (!read.Succeeded(out var blobs))
        {
            return Result.Fail<IReadOnlyList<ReviewFile>>(read.Failures);
        }

        return changes.Files.Select(change =>
        {
            var (before, after) = (Text(change.BeforeOid, blobs), Text(change.AfterOid, blobs));
            var (added, removed) = LineChanges.Between(before, after);
            return new ReviewFile(change, before, after, added, removed);
        }).ToList();
    }

    // With a zero byte it is no text: git decides the same way, by the beginning of the file.
    private static string? Text(string? oid, IReadOnlyDictionary<string, byte[]> blobs) =>
        oid is not null && blobs.TryGetValue(oid, out var bytes) && !bytes.Contains((byte)0) ? Encoding.UTF8.GetString(bytes) : null;
}
