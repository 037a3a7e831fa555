using System.Text;
using Ringfence.Workspaces;

namespace Ringfence.Outputs;

/// <summary>The symbolic links that a change set would make.</summary>
internal static class LinkTargets
{
    private const int Link = 0xA000; // 120000
    private const int LongestTarget = 64 * 1024;
    private const long MostTogether = 32 << 20;

    /// <summary>Path and target of each link that leads outside of the repository; Latin-1, so that every byte is kept.</summary>
    public static async Task<Result<IReadOnlyList<(GitPath Path, string Target)>>> LeavingAsync(
        Workspace workspace, ChangeSet changes, CancellationToken cancellationToken)
    {
        var links = changes.Files.Where(f => f.Mode == Link && f.AfterOid is not null).ToList();
        var read = await BlobReader.ReadAsync(
            Git.Own(workspace.GitDirectory), [.. links.Select(l => l.AfterOid!).Distinct()], LongestTarget, MostTogether, cancellationToken);

        if (!read.Succeeded(out var targets))
        {
            return Result.Fail<IReadOnlyList<(GitPath, string)>>(read.Failures);
        }

        // What cannot be read counts as leading outside.
        return links
            .Select(l => (l.Path, Target: targets.TryGetValue(l.AfterOid!, out var target) ? Encoding.Latin1.GetString(target) : "/"))
            .Where(l => LinkTarget.LeavesRepository(Encoding.Latin1.GetString(l.Path.Bytes), l.Target))
            .ToList();
    }
}
