namespace Ringfence.Workspaces;

/// <summary>
/// Writes what a run changed into a <see cref="TreeWriter"/>, level by level, so that git is asked about ignored names once per level
/// and an ignored folder is never entered. What the base has says what is tracked.
/// </summary>
internal sealed class ChangeCollector(ChangeReader reader, IReadOnlySet<string> submodules, IgnoreRules rules, ChangeLimits limits)
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
        for (List<ChangedFolder> level = [ChangedFolder.Root]; level.Count > 0;)
        {
            var entries = new List<ChangedEntry>();

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

                using var open = reader.Changes.OpenBelow(folder.Key.Path);

                foreach (var entry in folder)
                {
                    cancellationToken.ThrowIfCancellationRequested();

                    if (leftOut.Contains(entry))
                    {
                        // What came with a layer is no change, and what became of it below is nobody's file.
                        if (!entry.InLayer)
                        {
                            Note(entry, PathNoteReason.Ignored, entry.Kind == UnixKind.Folder ? Count(entry.Path) : 1);
                        }
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

    private List<ChangedEntry> List(ChangedFolder folder, TreeWriter tree)
    {
        using var changes = reader.Read(folder);
        var entries = new List<ChangedEntry>();

        if (changes.ReplacesBase)
        {
            tree.Delete(folder.Path); // nothing of the base shows through; what is there follows
        }

        rules.Add(folder.Path, reader.Showing(changes, ".gitignore"u8));

        foreach (var entry in changes.Entries)
        {
            names++;

            if (GitNames.IsGit(entry.Name))
            {
                if (folder.Path.Length > 0)
                {
                    Note(entry, PathNoteReason.GitData, entry.Kind is UnixKind.Folder ? Count(entry.Path) : 1);
                }
            }
            else if (GitNames.IsGitAlias(entry.Name))
            {
                Note(entry, PathNoteReason.GitAlias, entry.Kind is UnixKind.Folder ? Count(entry.Path) : 1);
            }
            else if (entry.Path.Length > limits.PathBytes)
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
    private ChangedFolder? Write(ChangedEntry entry, UnixFolder folder, TreeWriter tree)
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
                if (entry.BaseKind is not (null or UnixKind.Folder))
                {
                    tree.Delete(entry.Path); // a folder took the place of a file or link
                }

                return entry.AsFolder();

            case UnixKind.Link when folder.Stat(entry.Name) is { Kind: UnixKind.Link } link:
                tree.AddLink(entry.Path, folder.ReadLink(entry.Name));
                Count(entry, link, 0);
                return null;

            case UnixKind.File when folder.Stat(entry.Name) is { Kind: UnixKind.File } file:
                WriteFile(entry, file, folder, tree);
                return null;

            default:
                Note(entry, PathNoteReason.SpecialFile);
                return null;
        }
    }

    private void WriteFile(ChangedEntry entry, UnixStat stat, UnixFolder folder, TreeWriter tree)
    {
        if (stat.Size > limits.FileBytes)
        {
            Note(entry, PathNoteReason.TooLarge);
            return;
        }

        if ((stat.Mode & 0xC00) != 0)
        {
            Note(entry, PathNoteReason.SetIdRemoved);
        }

        using var file = folder.OpenFile(entry.Name);
        tree.AddFile(entry.Path, (stat.Mode & 0x40) != 0, file, stat.Size);
        Count(entry, stat, stat.Size);
    }

    private void Count(ChangedEntry entry, UnixStat stat, long size)
    {
        changedAt[new GitPath(entry.Path)] = stat.ChangedAt;
        files++;
        bytes += size;
    }

    /// <summary>Files below a folder that is left out, at most a million.</summary>
    private long Count(byte[] path)
    {
        var count = 0L;
        var pending = new Stack<byte[]>([path]);

        while (pending.TryPop(out var next) && count < 1_000_000)
        {
            using var folder = reader.Changes.OpenBelow(next);

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

    private void Note(ChangedEntry entry, PathNoteReason reason, long count = 1) => notes.Add(new PathNote(new GitPath(entry.Path), reason, count));

    private static Failure TooLarge(FormattableString what) => new("change_set_too_large", $"The run changed {FormattableString.Invariant(what)}.",
        "The files are kept. Name what should not be committed in .gitignore, or lower the disk limit of the run.");
}
