using Ringfence.Sandboxes;

namespace Ringfence.Workspaces;

/// <param name="InBase">Whether the base has a folder there, too, which may show through.</param>
/// <param name="InLayer">Whether a layer below the run has one: told only of copies, since an overlay does not show it among the changes.</param>
internal sealed record ChangedFolder(byte[] Path, bool InBase, bool InLayer = false)
{
    public static ChangedFolder Root { get; } = new([], InBase: true);
}

/// <summary>What a run left in one folder, beside what the base has there.</summary>
/// <param name="Kind"><see cref="UnixKind.Whiteout"/> says that the base's file or folder of this name was removed.</param>
/// <param name="BaseKind">What the base has under this name; null for nothing, or when the base was not looked at.</param>
internal sealed record ChangedEntry(ChangedFolder Parent, byte[] Path, byte[] Name, UnixKind Kind, UnixKind? BaseKind)
{
    /// <summary>Whether it is a folder that a layer below the run has, too.</summary>
    public bool InLayer { get; init; }

    public bool InBase => BaseKind is not null || Kind == UnixKind.Whiteout;

    public ChangedFolder AsFolder() => new(Path, BaseKind is UnixKind.Folder, InLayer);
}

/// <param name="Shown">The folder as the run left it. Open until this is disposed.</param>
/// <param name="Base">The same in the base; null when it has none.</param>
/// <param name="ReplacesBase">Nothing that the base has in this folder shows any more; what does is among the entries.</param>
internal sealed record FolderChanges(UnixFolder Shown, UnixFolder? Base, bool ReplacesBase, List<ChangedEntry> Entries) : IDisposable
{
    public void Dispose()
    {
        Shown.Dispose();
        Base?.Dispose();
    }
}

/// <summary>
/// Tells folder by folder what a run changed: by the marks of an overlay, or by comparing where there could be none. The only place that knows which.
/// No symbolic link is ever followed, not even when the agent still runs and swaps a folder for one.
/// </summary>
internal abstract class ChangeReader : IDisposable
{
    private protected ChangeReader(string changes) => Changes = UnixFolder.Open(changes);

    /// <param name="withBase">Whether entries shall tell what the base has, which an overlay's list of changes does not need.</param>
    public static ChangeReader Open(WorkspaceMount mount, bool withBase) =>
        mount.IsCopy ? new CopyReader(mount) : new OverlayReader(mount.Upper!, withBase ? mount.Lower : null);

    /// <summary>The folder that took the changes, for reading what the entries name.</summary>
    public UnixFolder Changes { get; }

    /// <summary>Whether nothing was changed but git data at the top; false when that would have to be looked for.</summary>
    public abstract bool IsUntouched { get; }

    /// <summary>The folder that shows the file of this name to whoever works in the workspace.</summary>
    public abstract UnixFolder Showing(FolderChanges folder, ReadOnlySpan<byte> name);

    public abstract FolderChanges Read(ChangedFolder folder);

    public virtual void Dispose() => Changes.Dispose();

    private protected static byte[] Join(byte[] folder, byte[] name)
    {
        if (folder.Length == 0)
        {
            return name;
        }

        var path = new byte[folder.Length + 1 + name.Length];
        folder.CopyTo(path, 0);
        path[folder.Length] = (byte)'/';
        name.CopyTo(path, folder.Length + 1);
        return path;
    }
}
