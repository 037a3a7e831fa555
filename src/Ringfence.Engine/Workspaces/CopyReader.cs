using System.Buffers;
using Ringfence.Sandboxes;

namespace Ringfence.Workspaces;

/// <summary>
/// A copy of the base that was worked in. Every byte of both is compared: times and sizes are what an agent can forge, and the file systems that need a
/// copy are those whose stamps tell least. The cost is that of the base.
/// </summary>
internal sealed class CopyReader(WorkspaceMount mount) : ChangeReader(mount.Upper!)
{
    private const int Rights = 0x1FF;

    private readonly UnixFolder basis = UnixFolder.Open(mount.Lower);

    /// <summary>What was copied over the base, the topmost first.</summary>
    private readonly List<UnixFolder> layers = [.. mount.Layers.Where(Directory.Exists).Select(UnixFolder.Open)];

    public override bool IsUntouched => false;

    public override FolderChanges Read(ChangedFolder folder)
    {
        var shown = Changes.OpenBelow(folder.Path);
        var before = folder.InBase ? basis.OpenBelow(folder.Path) : null;
        List<UnixFolder> above = folder.InLayer || folder.Path.Length == 0
            ? [.. layers.Select(layer => TryOpen(layer, folder.Path)).OfType<UnixFolder>()] : [];

        try
        {
            return new FolderChanges(shown, before, ReplacesBase: false, Compare(folder, shown, before, above));
        }
        finally
        {
            above.ForEach(layer => layer.Dispose());
        }
    }

    public override UnixFolder Showing(FolderChanges folder, ReadOnlySpan<byte> name) => folder.Shown;

    public override void Dispose()
    {
        base.Dispose();
        basis.Dispose();
        layers.ForEach(layer => layer.Dispose());
    }

    private static List<ChangedEntry> Compare(ChangedFolder folder, UnixFolder shown, UnixFolder? before, List<UnixFolder> above)
    {
        var changed = new List<ChangedEntry>();
        var present = new HashSet<GitPath>();
        List<UnixFolder> sources = before is null ? above : [.. above, before];

        foreach (var (name, listed) in shown.List())
        {
            // In a copy nothing is a mark: what looks like one came with the base.
            var kind = listed is UnixKind.Whiteout ? UnixKind.Special : listed;
            var source = sources.Find(source => source.Stat(name) is not null);
            present.Add(new GitPath(name));

            if (source is null || kind is UnixKind.Folder || !IsSame(name, kind, shown, source))
            {
                changed.Add(new ChangedEntry(folder, Join(folder.Path, name), name, kind, before?.Stat(name)?.Kind)
                {
                    InLayer = above.Exists(layer => layer.Stat(name) is { Kind: UnixKind.Folder }),
                });
            }
        }

        foreach (var (name, kind) in sources.SelectMany(source => source.List()))
        {
            if (present.Add(new GitPath(name)))
            {
                changed.Add(new ChangedEntry(folder, Join(folder.Path, name), name, UnixKind.Whiteout, kind));
            }
        }

        return changed;
    }

    private static bool IsSame(byte[] name, UnixKind kind, UnixFolder shown, UnixFolder source)
    {
        if (shown.Stat(name) is not { } now || source.Stat(name) is not { } before || now.Kind != before.Kind)
        {
            return false;
        }

        return kind switch
        {
            UnixKind.File => now.Size == before.Size && (now.Mode & Rights) == (before.Mode & Rights) && HoldSame(name, shown, source),
            UnixKind.Link => shown.ReadLink(name).AsSpan().SequenceEqual(source.ReadLink(name)),
            _ => true,
        };
    }

    private static bool HoldSame(byte[] name, UnixFolder shown, UnixFolder source)
    {
        const int part = 64 << 10;
        using var left = shown.OpenFile(name);
        using var right = source.OpenFile(name);
        var buffer = ArrayPool<byte>.Shared.Rent(2 * part);

        try
        {
            for (long at = 0; ;)
            {
                var count = RandomAccess.Read(left, buffer.AsSpan(0, part), at);
                var other = RandomAccess.Read(right, buffer.AsSpan(part, part), at);

                if (count != other || !buffer.AsSpan(0, count).SequenceEqual(buffer.AsSpan(part, count)))
                {
                    return false;
                }

                if (count == 0)
                {
                    return true;
                }

                at += count;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static UnixFolder? TryOpen(UnixFolder source, byte[] path)
    {
        if (path.Length == 0)
        {
            return source.OpenBelow(path);
        }

        // A layer holds a few folders of the base's only.
        var slash = path.AsSpan().LastIndexOf((byte)'/');

        if (TryOpen(source, path[..Math.Max(0, slash)]) is not { } parent)
        {
            return null;
        }

        using (parent)
        {
            return parent.Stat(path.AsSpan(slash + 1)) is { Kind: UnixKind.Folder } ? parent.OpenBelow(path.AsSpan(slash + 1)) : null;
        }
    }
}
