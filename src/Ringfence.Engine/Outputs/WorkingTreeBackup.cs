using System.Text;
using Ringfence.Workspaces;

namespace Ringfence.Outputs;

/// <summary>
/// What stands at the paths of a change set, as hard links in a folder beside them: <c>git apply</c> replaces files, it does not write into them,
/// so the links keep the old content without copying it.
/// </summary>
internal sealed class WorkingTreeBackup : IDisposable
{
    private readonly UnixFolder root;
    private readonly byte[] store;
    private bool isNeeded;
    private readonly List<(byte[] Path, byte[]? Saved, byte[]? LinkTarget)> entries = [];

    private WorkingTreeBackup(UnixFolder root, byte[] store)
    {
        this.root = root;
        this.store = store;
    }

    /// <summary>The folder of the old contents, in the working tree.</summary>
    public string Place => Encoding.ASCII.GetString(store);

    public static WorkingTreeBackup Take(string top, ChangeSet changes)
    {
        var root = UnixFolder.Open(top);
        var backup = new WorkingTreeBackup(root, Encoding.ASCII.GetBytes($".ringfence-backup-{Environment.ProcessId}"));
        root.Remove(backup.store);
        root.CreateFolder(backup.store);
        using var store = root.OpenBelow(backup.store);

        foreach (var path in changes.Files.Select(f => f.Path.Bytes.ToArray()))
        {
            using var folder = TryOpen(root, Parent(path));
            var stat = folder?.Stat(Name(path));
            byte[]? saved = null;
            byte[]? target = null;

            if (stat is { Kind: UnixKind.File })
            {
                saved = Encoding.ASCII.GetBytes($"{backup.entries.Count}");
                folder!.LinkInto(Name(path), store, saved);
            }
            else if (stat is { Kind: UnixKind.Link })
            {
                target = folder!.ReadLink(Name(path));
            }

            backup.entries.Add((path, saved, target));
        }

        return backup;
    }

    /// <summary>
    /// Puts everything back as it was: contents, links, and the absence of what was not there. False when the machine refused that too: then the
    /// old contents stay in the folder <see cref="Place"/>.
    /// </summary>
    public bool TryRestore()
    {
        using var folder = root.OpenBelow(store);
        var changed = entries.Where(e => !IsAsItWas(e, folder)).ToList();

        try
        {
            foreach (var (path, _, _) in changed)
            {
                using var parent = TryOpen(root, Parent(path));
                parent?.Remove(Name(path));
            }

            foreach (var (path, saved, target) in changed.Where(e => e.Saved is not null || e.LinkTarget is not null))
            {
                using var parent = root.MakeBelow(Parent(path));

                if (saved is not null)
                {
                    folder.LinkInto(saved, parent, Name(path));
                }
                else
                {
                    parent.CreateLink(Name(path), target);
                }
            }

            return true;
        }
        catch (IOException)
        {
            isNeeded = true;
            return false;
        }
    }

    private bool IsAsItWas((byte[] Path, byte[]? Saved, byte[]? LinkTarget) entry, UnixFolder folder)
    {
        using var parent = TryOpen(root, Parent(entry.Path));
        var now = parent?.Stat(Name(entry.Path));

        return entry switch
        {
            (_, { } saved, _) => now == folder.Stat(saved),
            (_, _, { } target) => now is { Kind: UnixKind.Link } && parent!.ReadLink(Name(entry.Path)).AsSpan().SequenceEqual(target),
            _ => now is null,
        };
    }

    public void Dispose()
    {
        if (!isNeeded)
        {
            root.Remove(store);
        }

        root.Dispose();
    }

    private static ReadOnlySpan<byte> Parent(byte[] path) => path.AsSpan(0, Math.Max(0, path.AsSpan().LastIndexOf((byte)'/')));

    private static ReadOnlySpan<byte> Name(byte[] path) => path.AsSpan(path.AsSpan().LastIndexOf((byte)'/') + 1);

    private static UnixFolder? TryOpen(UnixFolder root, ReadOnlySpan<byte> path)
    {
        try
        {
            return root.OpenBelow(path);
        }
        catch (IOException)
        {
            return null; // a folder that is not there yet
        }
    }
}
