namespace Ringfence.Sandboxes;

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
    // With `userxattr` the kernel keeps its marks under this name. It escapes what the agent sets by the same name (6.7 and later; before, it
    // refuses), so a mark seen here is the kernel's own.
    private const string OpaqueMark = "user.overlay.opaque";
    private const string WhiteoutMark = "user.overlay.whiteout";

    /// <summary>Every entry below <paramref name="upper"/>, parents before children. Throws <see cref="IOException"/> when a folder cannot be read.</summary>
    public static IEnumerable<OverlayEntry> Walk(string upper)
    {
        using var root = RawDirectory.Open(upper);
        var pending = new Stack<byte[]>();
        pending.Push([]);

        while (pending.TryPop(out var path))
        {
            using var directory = path.Length == 0 ? root.Reopen() : root.OpenBelow(path);
            var marksWhiteoutsByAttribute = directory.Attribute(OpaqueMark) is "x";

            foreach (var (name, type) in directory.Entries())
            {
                var full = Join(path, name);
                var kind = KindOf(directory, name, type, marksWhiteoutsByAttribute);

                if (kind is OverlayKind.Directory or OverlayKind.OpaqueDirectory)
                {
                    pending.Push(full);
                }

                yield return new OverlayEntry(full, kind);
            }
        }
    }

    private static OverlayKind KindOf(RawDirectory directory, byte[] name, RawEntryType type, bool marksWhiteoutsByAttribute) => type switch
    {
        RawEntryType.Directory => directory.Attribute(OpaqueMark, name) is "y" ? OverlayKind.OpaqueDirectory : OverlayKind.Directory,
        RawEntryType.SymbolicLink => OverlayKind.SymbolicLink,
        RawEntryType.CharacterDevice => directory.IsWhiteout(name) ? OverlayKind.Deleted : OverlayKind.Special,
        RawEntryType.File => marksWhiteoutsByAttribute && directory.Attribute(WhiteoutMark, name) is not null
            ? OverlayKind.Deleted
            : OverlayKind.File,
        _ => OverlayKind.Special,
    };

    private static byte[] Join(byte[] path, byte[] name)
    {
        if (path.Length == 0)
        {
            return name;
        }

        var full = new byte[path.Length + 1 + name.Length];
        path.CopyTo(full, 0);
        full[path.Length] = (byte)'/';
        name.CopyTo(full, path.Length + 1);
        return full;
    }
}
