using Ringfence.Sandboxes;

namespace Ringfence.Workspaces;

/// <summary>What stands at a path that a run changed.</summary>
public enum WorkspaceChangeKind
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

/// <param name="Path">Relative to the workspace, separated by <c>/</c>, as bytes: names need not be UTF-8.</param>
public readonly record struct WorkspaceChange(ReadOnlyMemory<byte> Path, WorkspaceChangeKind Kind)
{
    /// <summary>The path for people, escaped where it is not printable.</summary>
    public override string ToString() => $"{Kind} {Printable.Escape(Path.Span)}";
}

/// <summary>The exact list of what a run changed, ignored files included.</summary>
public static class WorkspaceChanges
{
    /// <summary>Every change in the workspace, parents before children. Throws <see cref="IOException"/> when a folder cannot be read.</summary>
    /// <param name="mount">With a folder on disk that took the changes.</param>
    public static IEnumerable<WorkspaceChange> Walk(WorkspaceMount mount)
    {
        using var reader = ChangeReader.Open(mount, withBase: false);
        var pending = new Stack<ChangedFolder>([ChangedFolder.Root]);

        while (pending.TryPop(out var folder))
        {
            using var changes = reader.Read(folder);

            // A folder that both have may hold nothing that changed; where only marks are read, it stands there because something did.
            if (folder.Path.Length > 0 && !(mount.IsCopy && (folder.InBase || folder.InLayer)))
            {
                yield return new(folder.Path, changes.ReplacesBase ? WorkspaceChangeKind.OpaqueDirectory : WorkspaceChangeKind.Directory);
            }

            foreach (var entry in changes.Entries)
            {
                if (entry.Kind is UnixKind.Folder)
                {
                    pending.Push(entry.AsFolder());
                }
                else
                {
                    yield return new(entry.Path, KindOf(entry.Kind));
                }
            }
        }
    }

    private static WorkspaceChangeKind KindOf(UnixKind kind) => kind switch
    {
        UnixKind.File => WorkspaceChangeKind.File,
        UnixKind.Link => WorkspaceChangeKind.SymbolicLink,
        UnixKind.Whiteout => WorkspaceChangeKind.Deleted,
        _ => WorkspaceChangeKind.Special,
    };
}
