using Ringfence.Review;
using Ringfence.Workspaces;

namespace Ringfence.Tests.Review;

/// <summary>Changed files as values, as a reader of trees would make them.</summary>
internal static class Change
{
    public static ReviewFile File(string path, string? before, string? after, int mode = 0x81A4, int linesAdded = 1)
    {
        var operation = before is null ? FileOperation.Added : after is null ? FileOperation.Deleted : before == after ? FileOperation.ModeChanged : FileOperation.Modified;
        var change = new FileChange(new GitPath(path), operation, before is null ? null : "b", after is null ? null : "a", after is null ? 0 : mode, linesAdded, 1);
        var (added, removed) = LineChanges.Between(before, after);
        return new ReviewFile(change, before, after, added, removed);
    }

    public static IReadOnlyList<Finding> Review(ReviewRules rules, params ReviewFile[] files) => Gates.Review(rules, Set(files), files);

    public static IReadOnlyList<Finding> Review(params ReviewFile[] files) => Review(new ReviewRules(), files);

    public static ChangeSet Set(params ReviewFile[] files) => new("base", "tree", "digest", [.. files.Select(f => f.Change)]);
}
