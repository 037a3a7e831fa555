using Ringfence.Sandboxes;

namespace Ringfence.Agents;

/// <summary>
/// Covers what a repository holds to tell an agent how to behave, so that it does not count: an empty file or folder lies over each, read-only. The
/// sandbox does this and not a flag of the agent's, because a flag holds only as long as the agent wants. The files stay in the change set as they are.
/// </summary>
internal static class HiddenConfiguration
{
    /// <param name="names">File and folder names; those without a slash are covered in every folder.</param>
    /// <param name="tree">The base checkout.</param>
    /// <param name="folder">A folder of ours for what lies over them.</param>
    public static IReadOnlyList<Mount> Cover(IReadOnlyList<string> names, string tree, string folder)
    {
        var emptyFile = Path.Combine(folder, "file");
        var emptyFolder = Path.Combine(folder, "folder");
        Directory.CreateDirectory(emptyFolder);
        File.WriteAllBytes(emptyFile, []);

        return
        [
            .. Find(names, tree).Select(path => RealPath.Of(path)).OfType<string>().Distinct(StringComparer.Ordinal)

                // A link may lead anywhere; only what lies in the repository is the repository's.
                .Where(path => path.StartsWith(tree + "/", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal)
                .Select(path => new Mount(Directory.Exists(path) ? emptyFolder : emptyFile, SandboxPaths.Workspace + path[tree.Length..])),
        ];
    }

    /// <summary>Whether a path is one of these, or lies below one.</summary>
    /// <param name="path">From the root of the repository.</param>
    public static bool Has(IReadOnlyList<string> names, string path) => names.Any(name => name.Contains('/', StringComparison.Ordinal)
        ? path == name || path.StartsWith(name + "/", StringComparison.Ordinal)
        : path.Split('/').Contains(name));

    private static IEnumerable<string> Find(IReadOnlyList<string> names, string tree)
    {
        var anywhere = names.Where(name => !name.Contains('/', StringComparison.Ordinal)).ToHashSet(StringComparer.Ordinal);
        var waiting = new Stack<string>([tree]);

        while (waiting.TryPop(out var folder))
        {
            foreach (var entry in new DirectoryInfo(folder).EnumerateFileSystemInfos())
            {
                if (anywhere.Contains(entry.Name))
                {
                    yield return entry.FullName;
                }
                else if (entry is DirectoryInfo { LinkTarget: null } && entry.Name != ".git")
                {
                    waiting.Push(entry.FullName);
                }
            }
        }

        foreach (var path in names.Where(name => name.Contains('/', StringComparison.Ordinal)).Select(name => Path.Combine(tree, name)).Where(Path.Exists))
        {
            yield return path;
        }
    }
}
