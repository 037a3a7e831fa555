namespace Ringfence.Workspaces;

/// <summary>
/// Reads the upper folder of an overlay into a <see cref="TreeWriter"/>, level by level, so that git is asked about ignored names once per level
/// and an ignored folder is never entered. What the base has is on disk beside it and says what is tracked.
/// </summary>
internal sealed class UpperWalk(UnixFolder upper, UnixFolder lower, IReadOnlySet<string> submodules, IgnoreRules rules, ChangeLimits limits)
{
    private readonly List<PathNote> notes = [];
    private readonly Dictionary<GitPath, long> changedAt = [];
    private long bytes;
    private int files;
    private int names;

    /// <summary>What was left out or changed on the way.</summary>
    public IReadOnlyList<PathNote> Notes => notes;

    /// <summary>When the kernel saw each written file or link change last, microseconds UTC.</summary>
    public IReadOnlyDictionary<GitPath, long> ChangedAt => changedAt;

    /// <summary>Null when everything was written.</summary>
    public Failure? WriteTo(TreeWriter tree, CancellationToken cancellationToken)
    {
        for (List<Folder> level = [new([], InBase: true)]; level.Count > 0;)
        {
            var entries = new List<Entry>();

            foreach (var folder in level)
            {
                cancellationToken.ThrowIfCancellationRequested();
                entries.AddRange(List(folder, tree));

                if (names > limits.Names)
                {
                    return TooLarge($"more than {limits.Names:N0} names");
                }
            }

            // Only what the base does not have can be ignored: what is tracked stays tracked.
            var untracked = entries.FindAll(e => !e.InBase);
            var asked = rules.AreIgnored(untracked.ConvertAll(e => e.Kind == UnixKind.Folder ? [.. e.Path, (byte)'/'] : e.Path));

            if (!asked.Succeeded(out var ignored))
            {
                return asked.Failures[0];
            }

            var leftOut = untracked.Where((_, i) => ignored[i]).ToHashSet();
            level = [];

            foreach (var folder in entries.GroupBy(e => e.Parent))
            {
                if (folder.Count(e => e.Kind is UnixKind.File or UnixKind.Link && !leftOut.Contains(e)) > limits.FilesInFolder)
                {
                    return TooLarge($"more than {limits.FilesInFolder:N0} files in one folder");
                }

                using var open = upper.OpenBelow(folder.Key.Path);

                foreach (var entry in folder)
                {
                    cancellationToken.ThrowIfCancellationRequested();

                    if (leftOut.Contains(entry))
                    {
                        Note(entry, PathNoteReason.Ignored, entry.Kind == UnixKind.Folder ? Count(entry.Path) : 1);
                    }
                    else if (Write(entry, open, tree) is { } next)
                    {
                        level.Add(next);
                    }

                    if (files > limits.Files || bytes > limits.TotalBytes)
                    {
                        return files > limits.Files
                            ? TooLarge($"more than {limits.Files:N0} files")
                            : TooLarge($"more than {limits.TotalBytes >> 20:N0} MiB");
                    }
                }
            }
        }

        return null;
    }

    private List<Entry> List(Folder folder, TreeWriter tree)
    {
        using var open = upper.OpenBelow(folder.Path);
        using var below = folder.InBase ? lower.OpenBelow(folder.Path) : null;
        var entries = new List<Entry>();

        var replaced = folder.InBase && folder.Path.Length > 0 && open.IsOpaque();

        if (replaced)
        {
            tree.Delete(folder.Path); // nothing of the base shows through; what is there follows
        }

        // A deletion mark or a link in the place of an ignore file means that there is none.
        rules.Add(folder.Path, replaced || below is null || open.Stat(".gitignore"u8) is not null ? open : below);

        foreach (var (name, kind) in open.List())
        {
            var isFolder = kind is UnixKind.Folder;
            names++;
            byte[] path = folder.Path.Length == 0 ? name : [.. folder.Path, (byte)'/', .. name];
            var stat = isFolder ? new UnixStat(UnixKind.Folder, 0, 0) : open.Stat(name) ?? new UnixStat(UnixKind.Special, 0, 0);
            var entry = new Entry(folder, path, name, stat, below?.Stat(name));

            if (GitNames.IsGit(name))
            {
                if (folder.Path.Length > 0)
                {
                    Note(entry, PathNoteReason.GitData, isFolder ? Count(path) : 1);
                }
            }
            else if (GitNames.IsGitAlias(name))
            {
                Note(entry, PathNoteReason.GitAlias, isFolder ? Count(path) : 1);
            }
            else if (path.Length > limits.PathBytes)
            {
                Note(entry, PathNoteReason.PathTooLong);
            }
            else
            {
                entries.Add(entry);
            }
        }

        return entries;
    }

    /// <summary>Writes what stands at the entry; a folder is returned, to be read with the next level.</summary>
    private Folder? Write(Entry entry, UnixFolder folder, TreeWriter tree)
    {
        switch (entry.Kind)
        {
            case UnixKind.Whiteout:
                tree.Delete(entry.Path);
                return null;

            case UnixKind.Folder when submodules.Contains(System.Text.Encoding.Latin1.GetString(entry.Path)):
                if (Count(entry.Path) is var inside and > 0)
                {
                    Note(entry, PathNoteReason.SubmoduleContent, inside);
                }

                return null;

            case UnixKind.Folder:
                if (entry.Base is { Kind: not UnixKind.Folder })
                {
                    tree.Delete(entry.Path); // a folder took the place of a file or link
                }

                return new Folder(entry.Path, entry.Base is { Kind: UnixKind.Folder });

            case UnixKind.Link:
                tree.AddLink(entry.Path, folder.ReadLink(entry.Name));
                changedAt[new GitPath(entry.Path)] = entry.Stat.ChangedAt;
                files++;
                return null;

            case UnixKind.File when entry.Size > limits.FileBytes:
                Note(entry, PathNoteReason.TooLarge);
                return null;

            case UnixKind.File:
                if ((entry.Mode & 0xC00) != 0)
                {
                    Note(entry, PathNoteReason.SetIdRemoved);
                }

                using (var file = folder.OpenFile(entry.Name))
                {
                    tree.AddFile(entry.Path, (entry.Mode & 0x40) != 0, file, entry.Size);
                }

                changedAt[new GitPath(entry.Path)] = entry.Stat.ChangedAt;
                files++;
                bytes += entry.Size;
                return null;

            default:
                Note(entry, PathNoteReason.SpecialFile);
                return null;
        }
    }

    /// <summary>Files below a folder that is left out, at most a million.</summary>
    private long Count(byte[] path)
    {
        var count = 0L;
        var pending = new Stack<byte[]>([path]);

        while (pending.TryPop(out var next) && count < 1_000_000)
        {
            using var folder = upper.OpenBelow(next);

            foreach (var (name, kind) in folder.List())
            {
                if (kind is not UnixKind.Folder)
                {
                    count++;
                }
                else if (next.Length + name.Length < limits.PathBytes)
                {
                    pending.Push([.. next, (byte)'/', .. name]);
                }
            }
        }

        return count;
    }

    private void Note(Entry entry, PathNoteReason reason, long count = 1) => notes.Add(new PathNote(new GitPath(entry.Path), reason, count));

    private static Failure TooLarge(FormattableString what) => new("change_set_too_large", $"The run changed {FormattableString.Invariant(what)}.",
        "The files are kept. Name what should not be committed in .gitignore, or lower the disk limit of the run.");

    private sealed record Folder(byte[] Path, bool InBase);

    /// <param name="Base">What the base has under this name.</param>
    private sealed record Entry(Folder Parent, byte[] Path, byte[] Name, UnixStat Stat, UnixStat? Base)
    {
        public UnixKind Kind => Stat.Kind;

        public int Mode => Stat.Mode;

        public long Size => Stat.Size;

        public bool InBase => Base is not null || Kind == UnixKind.Whiteout;
    }
}
