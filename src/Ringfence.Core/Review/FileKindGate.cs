using Ringfence.Workspaces;

namespace Ringfence.Review;

/// <summary><c>symlink</c>, <c>executable</c>, <c>binary</c>, <c>submodule</c>, <c>name</c>: what a diff on a screen does not show well.</summary>
internal static class FileKindGate
{
    public static IEnumerable<Finding> Review(IReadOnlyList<ReviewFile> files)
    {
        foreach (var file in files)
        {
            if (HasOddName(file))
            {
                yield return file.At("name", FindingSeverity.Ask, "a name that not every system can hold or show");
            }

            if (file.IsDeleted)
            {
                continue;
            }

            if (file.IsLink)
            {
                var leaves = LinkTarget.LeavesRepository(file.Path, file.After ?? "/");
                yield return file.At("symlink", leaves ? FindingSeverity.Block : FindingSeverity.Note, $"link to {file.After}{(leaves ? ", outside the repository" : "")}");
            }
            else if (file.IsSubmodule)
            {
                yield return file.At("submodule", FindingSeverity.Ask, $"submodule at commit {file.Change.AfterOid}");
            }
            else if (file.After is null && !file.IsBinary)
            {
                yield return file.At("unread", FindingSeverity.Ask, "not read by the gates: too large, after too much of the same change set, or with a zero byte");
            }
            else if (file.IsBinary)
            {
                yield return file.At("binary", file.IsExecutable ? FindingSeverity.Ask : FindingSeverity.Note, file.IsExecutable ? "binary and executable" : "binary");
            }
            else if (file.IsExecutable && file.Change.Operation is (FileOperation.Added or FileOperation.ModeChanged))
            {
                yield return file.At("executable", FindingSeverity.Note, "became executable");
            }
        }

        foreach (var same in files.Where(f => !f.IsDeleted).GroupBy(f => f.Path, StringComparer.OrdinalIgnoreCase).Where(g => g.Count() > 1))
        {
            yield return same.First().At("name", FindingSeverity.Ask, $"differs from {same.Last().Change.Path} only in letter case");
        }
    }

    // What is escaped for the screen, what Windows reads as a path of its own, and what looks like an option to a command.
    private static bool HasOddName(ReviewFile file) =>
        file.Change.Path.ToString() != file.Path || file.Path.Contains('\uFFFD') || file.Path.IndexOfAny(['\\', ':', '*', '?', '"', '<', '>', '|']) >= 0
        || file.Path.Split('/').Any(n => n.StartsWith('-') || n.EndsWith('.') || n.StartsWith(' ') || n.EndsWith(' '));
}
