using Ringfence.Sandboxes;

namespace Ringfence.Workspaces;

/// <summary>
/// Brings a workspace's changes into the folder that it shows, after the sandbox has ended. No symbolic link is ever followed, on either side, so a
/// change cannot land outside. Git data stay behind at any depth, under every name that some file system takes for <c>.git</c>: git on the host would
/// run what stands there.
/// </summary>
public static class WriteThrough
{
    /// <summary>The changes as <see cref="WorkspaceChanges.Walk"/> finds them, without git data.</summary>
    public static IReadOnlyList<WorkspaceChange> Changes(WorkspaceMount mount) =>
        [.. WorkspaceChanges.Walk(mount).Where(entry => !IsGitData(entry.Path.Span) && entry.Kind is not WorkspaceChangeKind.Special)];

    /// <summary>Returns how many files, links and deletions were brought over.</summary>
    /// <param name="changes">Of <see cref="Changes"/>.</param>
    public static int Apply(WorkspaceMount mount, IReadOnlyList<WorkspaceChange> changes, string folder)
    {
        using var source = UnixFolder.Open(mount.Upper!);
        using var target = UnixFolder.Open(folder);
        var count = 0;

        foreach (var entry in changes)
        {
            var path = entry.Path.Span;
            var slash = path.LastIndexOf((byte)'/');
            var parent = path[..Math.Max(0, slash)];
            var name = path[(slash + 1)..];
            using var to = target.MakeBelow(parent);

            // What stood there goes first: a file may have become a folder, or a link.
            if (entry.Kind is WorkspaceChangeKind.Directory)
            {
                if (to.Stat(name) is { Kind: not UnixKind.Folder })
                {
                    to.Remove(name);
                }

                target.MakeBelow(path).Dispose();
                continue;
            }

            if (to.Stat(name) is not null)
            {
                to.Remove(name);
            }

            using var from = source.OpenBelow(parent);
            count++;

            switch (entry.Kind)
            {
                case WorkspaceChangeKind.OpaqueDirectory:
                    to.CreateFolder(name);
                    break;

                case WorkspaceChangeKind.SymbolicLink:
                    to.CreateLink(name, from.ReadLink(name));
                    break;

                case WorkspaceChangeKind.File:
                    // Set-id bits stay behind.
                    using (var read = new FileStream(from.OpenFile(name), FileAccess.Read))
                    using (var write = to.CreateFile(name, (from.Stat(name)?.Mode ?? 0x1A4) & 0x1FF))
                    {
                        read.CopyTo(write);
                    }

                    break;
            }
        }

        return count;
    }

    private static bool IsGitData(ReadOnlySpan<byte> path)
    {
        foreach (var part in path.Split((byte)'/'))
        {
            if (GitNames.IsGit(path[part]) || GitNames.IsGitAlias(path[part]))
            {
                return true;
            }
        }

        return false;
    }
}
