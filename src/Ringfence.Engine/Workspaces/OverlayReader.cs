namespace Ringfence.Workspaces;

/// <summary>An overlay's upper folder: what stands in it was changed, and its marks say what was removed. The cost is that of the changes, not of the base.</summary>
internal sealed class OverlayReader(string upper, string? lower) : ChangeReader(upper)
{
    private readonly UnixFolder? basis = lower is null ? null : UnixFolder.Open(lower);

    public override bool IsUntouched => Changes.List().TrueForAll(entry => GitNames.IsGit(entry.Name));

    public override FolderChanges Read(ChangedFolder folder)
    {
        var shown = Changes.OpenBelow(folder.Path);
        var below = folder.InBase ? basis?.OpenBelow(folder.Path) : null;
        var entries = shown.List();
        var changed = new List<ChangedEntry>(entries.Count);

        foreach (var (name, kind) in entries)
        {
            changed.Add(new ChangedEntry(folder, Join(folder.Path, name), name, kind, below?.Stat(name)?.Kind));
        }

        var mayHide = basis is null || folder.InBase;
        return new FolderChanges(shown, below, mayHide && folder.Path.Length > 0 && shown.IsOpaque(), changed);
    }

    // A deletion mark or a link in the place of a file means that there is none.
    public override UnixFolder Showing(FolderChanges folder, ReadOnlySpan<byte> name) =>
        folder.ReplacesBase || folder.Base is null || folder.Shown.Stat(name) is not null ? folder.Shown : folder.Base;

    public override void Dispose()
    {
        base.Dispose();
        basis?.Dispose();
    }
}
