using System.IO.Enumeration;

namespace Ringfence.Agent.Tools;

/// <summary>Walks a directory as a developer sees it: without <c>.git</c>, without what is ignored, never through symbolic links to directories.</summary>
internal static class FileWalk
{
    private static readonly EnumerationOptions Options = new()
    {
        AttributesToSkip = 0, IgnoreInaccessible = true, RecurseSubdirectories = false, ReturnSpecialDirectories = false,
    };

    public readonly record struct Entry(string Path, DateTimeOffset Modified);

    public static IEnumerable<Entry> Files(string directory, CancellationToken cancellationToken)
    {
        var waiting = new Stack<(string Path, IgnoreRules Rules)>();
        waiting.Push((directory, RulesAbove(directory)));

        while (waiting.TryPop(out var at))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var rules = at.Rules.With(at.Path);

            foreach (var (path, isDirectory, isLink, modified) in List(at.Path))
            {
                if (isDirectory && !isLink)
                {
                    if (!path.EndsWith("/.git", StringComparison.Ordinal) && !rules.Ignores(path, isDirectory: true))
                    {
                        waiting.Push((path, rules));
                    }
                }
                else if (!isDirectory && !rules.Ignores(path, isDirectory: false))
                {
                    yield return new Entry(path, modified);
                }
            }
        }
    }

    private static FileSystemEnumerable<(string Path, bool IsDirectory, bool IsLink, DateTimeOffset Modified)> List(string directory) =>
        new(directory, static (ref FileSystemEntry e) =>
            (e.ToFullPath(), e.IsDirectory, (e.Attributes & FileAttributes.ReparsePoint) != 0, e.LastWriteTimeUtc), Options);

    // A directory within a repository is ruled by the files above it too.
    private static IgnoreRules RulesAbove(string directory)
    {
        var above = new Stack<string>();

        for (var at = directory; at is not null; at = Path.GetDirectoryName(at))
        {
            if (at != directory)
            {
                above.Push(at);
            }

            if (Path.Exists(Path.Combine(at, ".git")))
            {
                return above.Aggregate(IgnoreRules.None, (rules, path) => rules.With(path));
            }
        }

        return IgnoreRules.None;
    }
}
