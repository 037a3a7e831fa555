using System.Text;
using Ringfence.Sandboxes;

namespace Ringfence.Workspaces;

/// <summary>
/// Writes a change set as the upper folder of a fresh overlay, or into a fresh copy of the base: a sandbox sees exactly the tree. Costs what the change
/// costs, not what the repository costs. Content comes from git objects, never from the folder that the agent wrote.
/// </summary>
internal sealed class TreeCheckout
{
    private readonly UnixFolder upper;
    private readonly UnixFolder lower;
    private readonly bool inCopy;
    private readonly HashSet<string> folders = new(StringComparer.Ordinal) { "" };
    private readonly HashSet<string> gone;
    private readonly HashSet<string> kept = new(StringComparer.Ordinal);

    private TreeCheckout(UnixFolder upper, UnixFolder lower, bool inCopy, IReadOnlyList<FileChange> changes)
    {
        this.inCopy = inCopy;
        this.upper = upper;
        this.lower = lower;
        gone = changes.Where(c => c.Operation == FileOperation.Deleted).Select(c => Text(c.Path)).ToHashSet(StringComparer.Ordinal);

        foreach (var path in changes.Where(c => c.Operation != FileOperation.Deleted).Select(c => Text(c.Path)))
        {
            kept.Add(path);

            for (var parent = Parent(path); parent.Length > 0 && kept.Add(parent + "/"); parent = Parent(parent))
            {
            }
        }
    }

    /// <param name="mount">With an upper folder that is empty, or a copy of the base.</param>
    public static async Task<Failure?> WriteAsync(
        WorkspaceMount mount, string gitDirectory, IReadOnlyList<FileChange> changes, CancellationToken cancellationToken)
    {
        using var upper = UnixFolder.Open(mount.Upper!);
        using var lower = UnixFolder.Open(mount.Lower);
        var checkout = new TreeCheckout(upper, lower, mount.IsCopy, changes);
        checkout.WriteDeletions(changes);
        var written = changes.Where(c => c.Operation != FileOperation.Deleted).ToList();

        if (written.Count == 0)
        {
            return null;
        }

        var started = BlobReader.Start(Git.Own(gitDirectory), [.. written.Where(c => c.Mode != Submodule).Select(c => c.AfterOid!)], cancellationToken);

        if (!started.Succeeded(out var content))
        {
            return started.Failures[0];
        }

        await using (content)
        {
            foreach (var change in written)
            {
                if (await checkout.WriteAsync(change, content, cancellationToken) is { } failure)
                {
                    return failure;
                }
            }
        }

        return null;
    }

    private async Task<Failure?> WriteAsync(FileChange change, BlobReader content, CancellationToken cancellationToken)
    {
        var path = Text(change.Path);
        MakeFolder(Parent(path));
        using var folder = upper.OpenBelow(Latin1.Bytes(Parent(path)));
        var name = Latin1.Bytes(path[(path.LastIndexOf('/') + 1)..]);

        if (inCopy)
        {
            folder.Remove(name); // what the base has there
        }

        if (change.Mode == Submodule)
        {
            folder.CreateFolder(name);
            return null;
        }

        if (await content.NextSizeAsync(cancellationToken) is not { } size)
        {
            return new Failure("checkout_failed", $"The content of {change.Path} is not there.");
        }

        if (change.Mode == Link)
        {
            using var target = new MemoryStream();
            await content.CopyAsync(target, size, cancellationToken);
            folder.CreateLink(name, target.ToArray());
        }
        else
        {
            await using var file = folder.CreateFile(name, change.Mode == Executable ? 0x1ED : 0x1A4);
            await content.CopyAsync(file, size, cancellationToken);
        }

        return null;
    }

    /// <summary>Marks what is deleted, at the topmost folder of which nothing is left: git knows no empty folders.</summary>
    private void WriteDeletions(IReadOnlyList<FileChange> changes)
    {
        var marked = new HashSet<string>(StringComparer.Ordinal);

        foreach (var path in changes.Where(c => c.Operation == FileOperation.Deleted).Select(c => Text(c.Path)))
        {
            // A file that took the place of a folder hides it, and a folder a file: the upper layer needs no mark.
            if (kept.Contains(path + "/") || Parents(path).Any(kept.Contains))
            {
                continue;
            }

            var top = path;

            for (var parent = Parent(top); parent.Length > 0 && IsEmptied(parent); parent = Parent(parent))
            {
                top = parent;
            }

            if (marked.Add(top))
            {
                MakeFolder(Parent(top));
                using var folder = upper.OpenBelow(Latin1.Bytes(Parent(top)));
                var name = Latin1.Bytes(top[(top.LastIndexOf('/') + 1)..]);

                if (inCopy)
                {
                    folder.Remove(name);
                }
                else
                {
                    folder.CreateWhiteout(name);
                }
            }
        }
    }

    private readonly Dictionary<string, bool> emptied = new(StringComparer.Ordinal);

    private bool IsEmptied(string path)
    {
        if (!emptied.TryGetValue(path, out var known))
        {
            using var folder = lower.OpenBelow(Latin1.Bytes(path));
            known = !kept.Contains(path + "/") && folder.List().TrueForAll(e =>
            {
                var child = $"{path}/{Encoding.Latin1.GetString(e.Name)}";
                return gone.Contains(child) || (e.Kind is UnixKind.Folder && IsEmptied(child));
            });
            emptied[path] = known;
        }

        return known;
    }

    private void MakeFolder(string path)
    {
        if (folders.Contains(path))
        {
            return;
        }

        MakeFolder(Parent(path));
        using var folder = upper.OpenBelow(Latin1.Bytes(Parent(path)));
        var name = Latin1.Bytes(path[(path.LastIndexOf('/') + 1)..]);

        if (!inCopy || folder.Stat(name) is not { Kind: UnixKind.Folder })
        {
            folder.Remove(name);
            folder.CreateFolder(name);
        }

        folders.Add(path);
    }

    private static IEnumerable<string> Parents(string path)
    {
        for (var parent = Parent(path); parent.Length > 0; parent = Parent(parent))
        {
            yield return parent;
        }
    }

    private static string Parent(string path) => path[..Math.Max(0, path.LastIndexOf('/'))];

    private static string Text(GitPath path) => Encoding.Latin1.GetString(path.Bytes);

    private const int Submodule = 0xE000; // 160000
    private const int Link = 0xA000; // 120000
    private const int Executable = 0x81ED; // 100755
}
