using System.Collections.Concurrent;
using System.IO.Enumeration;

namespace Ringfence.Agent.Tools;

/// <summary>Walks a directory as a developer sees it: without <c>.git</c>, without what is ignored, never through symbolic links to directories.</summary>
internal static class FileWalk
{
    /// <summary>Files of one directory that one thread takes at a time; a directory with more is shared.</summary>
    private const int Portion = 128;

    private static readonly EnumerationOptions Options = new()
    {
        AttributesToSkip = 0, IgnoreInaccessible = true, RecurseSubdirectories = false, ReturnSpecialDirectories = false, BufferSize = 32 * 1024,
    };

    private readonly record struct Work(string Directory, IgnoreRules Rules, List<string>? Files = null);

    /// <summary>Calls <paramref name="visit"/> for every file, in no order, on as many threads as there are processors. What it throws ends the walk.</summary>
    public static void Visit(string directory, Action<string> visit, CancellationToken cancellationToken)
    {
        var waiting = new ConcurrentStack<Work>([new Work(directory, RulesAbove(directory))]);
        var open = 1; // what waits or is worked on: when it is zero, nothing can come any more
        var failed = false;

        Parallel.For(0, Environment.ProcessorCount, new ParallelOptions { CancellationToken = cancellationToken }, _ =>
        {
            var pause = new SpinWait();

            while (Volatile.Read(ref open) > 0 && !Volatile.Read(ref failed))
            {
                if (!waiting.TryPop(out var work))
                {
                    pause.SpinOnce();
                    continue;
                }

                try
                {
                    cancellationToken.ThrowIfCancellationRequested();

                    foreach (var next in Do(work, visit))
                    {
                        Interlocked.Increment(ref open);
                        waiting.Push(next);
                    }
                }
                catch
                {
                    Volatile.Write(ref failed, true);
                    throw;
                }

                Interlocked.Decrement(ref open);
            }
        });
    }

    private static IEnumerable<Work> Do(Work work, Action<string> visit)
    {
        if (work.Files is { } files)
        {
            files.ForEach(visit);
            return [];
        }

        var next = new List<Work>();
        var entries = new List<(string Path, bool IsDirectory)>(List(work.Directory));
        var rules = entries.Exists(e => e.Path.EndsWith("/.gitignore", StringComparison.Ordinal)) ? work.Rules.With(work.Directory) : work.Rules;
        var found = new List<string>();

        foreach (var (path, isDirectory) in entries)
        {
            if ((isDirectory && path.EndsWith("/.git", StringComparison.Ordinal)) || rules.Ignores(path, isDirectory))
            {
                continue;
            }

            if (isDirectory)
            {
                next.Add(new Work(path, rules));
            }
            else
            {
                found.Add(path);
            }
        }

        while (found.Count > Portion)
        {
            next.Add(new Work(work.Directory, rules, found.GetRange(found.Count - Portion, Portion)));
            found.RemoveRange(found.Count - Portion, Portion);
        }

        found.ForEach(visit);
        return next;
    }

    // Only directories are asked whether they are links: that costs a call of the kernel, the type of an entry does not.
    private static FileSystemEnumerable<(string Path, bool IsDirectory)> List(string directory) =>
        new(directory, static (ref FileSystemEntry e) => (e.ToFullPath(), e.IsDirectory), Options)
        {
            ShouldIncludePredicate = static (ref FileSystemEntry e) => !e.IsDirectory || (e.Attributes & FileAttributes.ReparsePoint) == 0,
        };

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
