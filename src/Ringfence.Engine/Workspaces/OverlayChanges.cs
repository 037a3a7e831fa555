namespace Ringfence.Workspaces;

/// <summary>What stands at a path of an overlay's upper folder.</summary>
public enum OverlayKind
{
    /// <summary>A regular file: new, or written over the base's.</summary>
    File,

    /// <summary>A folder that is new or holds changes; what the base has below it still shows.</summary>
    Directory,

    /// <summary>A folder that replaces the base's: nothing of the base below it shows any more.</summary>
    OpaqueDirectory,

    /// <summary>A symbolic link. Never follow it: its target is the agent's choice.</summary>
    SymbolicLink,

    /// <summary>The base's file or folder of this name was removed.</summary>
    Deleted,

    /// <summary>A pipe, socket or device: nothing that belongs in a change set.</summary>
    Special,
}

/// <param name="Path">Relative to the upper folder, separated by <c>/</c>, as bytes: names need not be UTF-8.</param>
public readonly record struct OverlayEntry(ReadOnlyMemory<byte> Path, OverlayKind Kind)
{
    /// <summary>The path for people, escaped where it is not printable.</summary>
    public override string ToString() => $"{Kind} {Printable.Escape(Path.Span)}";
}

/// <summary>
/// The exact list of what a run changed, ignored files included, from the overlay's upper folder alone: a walk over the changes, not over the
/// checkout. Symbolic links are never followed, not even when the agent still runs and swaps a folder for one.
/// </summary>
public static class OverlayChanges
{
    /// <summary>Every entry below <paramref name="upper"/>, parents before children. Throws <see cref="IOException"/> when a folder cannot be read.</summary>
    public static IEnumerable<OverlayEntry> Walk(string upper)
    {
        using var root = UnixFolder.Open(upper);
        var pending = new Stack<byte[]>();
        pending.Push([]);

        while (pending.TryPop(out var path))
        {
            using var folder = root.OpenBelow(path);

            foreach (var (name, kind) in folder.List())
            {
                byte[] full = path.Length == 0 ? name : [.. path, (byte)'/', .. name];

                if (kind is UnixKind.Folder)
                {
                    pending.Push(full);
                }

                yield return new OverlayEntry(full, KindOf(folder, name, kind));
            }
        }
    }

    private static OverlayKind KindOf(UnixFolder folder, byte[] name, UnixKind kind)
    {
        switch (kind)
        {
            case UnixKind.Folder:
                using (var inner = folder.OpenBelow(name))
                {
                    return inner.IsOpaque() ? OverlayKind.OpaqueDirectory : OverlayKind.Directory;
                }

            case UnixKind.File:
                return OverlayKind.File;
            case UnixKind.Link:
                return OverlayKind.SymbolicLink;
            case UnixKind.Whiteout:
                return OverlayKind.Deleted;
            default:
                return OverlayKind.Special;
        }
    }
}
