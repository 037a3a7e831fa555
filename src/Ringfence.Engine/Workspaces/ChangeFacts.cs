using Ringfence.Audit;
using Ringfence.Sandboxes;

namespace Ringfence.Workspaces;

/// <summary>What a sandbox that ran alone changed, as facts: file by file, with digests, and the command that did it where that can be told.</summary>
public static class ChangeFacts
{
    // Lines are counted against a commit, and here is none.
    private const int NotCounted = -1;
    private const int Link = 0xA000;
    private const int Executable = 0x81ED;
    private const int Regular = 0x81A4;

    /// <summary>One fact for each file and link that was added, modified or deleted, also below a folder that went as a whole.</summary>
    /// <param name="changes">Of <see cref="WriteThrough.Changes"/>.</param>
    /// <param name="commands">Saw every command of the sandbox.</param>
    public static IReadOnlyList<FileChanged> Of(WorkspaceMount mount, IReadOnlyList<WorkspaceChange> changes, CommandTimeline commands)
    {
        using var shown = UnixFolder.Open(mount.Upper!);
        using var basis = UnixFolder.Open(mount.Lower);
        var stamped = ChangeTimes.AreTheKernels(mount.Upper!);
        List<(FileChanged Fact, long At)> facts = [.. changes.SelectMany(change => Facts(change, shown, basis, stamped))];
        var explained = commands.Explain([.. facts.Select(fact => (fact.Fact.Path, fact.At))]);

        return
        [
            .. facts.Zip(explained, (fact, why) => fact.Fact with
            {
                ChangedAt = fact.At,
                By = why.By,
                Attribution = why.Attribution,
                Candidates = why.Candidates.Count > 1 ? why.Candidates : null,
                Causes = why.Seq >= 0 ? [why.Seq] : [],
            }),
        ];
    }

    private static IEnumerable<(FileChanged Fact, long At)> Facts(WorkspaceChange change, UnixFolder shown, UnixFolder basis, bool stamped)
    {
        var path = change.Path.ToArray();
        var before = Parent(basis, path);

        using (before)
        {
            var name = path[(Array.LastIndexOf(path, (byte)'/') + 1)..];
            var was = before?.Stat(name)?.Kind;
            var beforeOid = before is null ? null : BlobName.Of(before, name);

            if (change.Kind is WorkspaceChangeKind.File or WorkspaceChangeKind.SymbolicLink && Parent(shown, path) is { } after)
            {
                using (after)
                {
                    var now = after.Stat(name)!.Value;
                    var mode = change.Kind is WorkspaceChangeKind.SymbolicLink ? Link : (now.Mode & 0x40) != 0 ? Executable : Regular;
                    yield return (Fact(path, beforeOid is null ? "added" : "modified", beforeOid, BlobName.Of(after, name), mode), stamped ? now.ChangedAt : 0);
                }
            }
            else if (beforeOid is not null)
            {
                yield return (Fact(path, "deleted", beforeOid, null, 0), 0);
            }

            // In the place of a folder stands something else, or nothing.
            if (was is UnixKind.Folder && change.Kind is not WorkspaceChangeKind.Directory)
            {
                foreach (var (gone, oid) in Below(basis, path).Where(file => Parent(shown, file.Path) is not { } there || !Holds(there, file.Path)))
                {
                    yield return (Fact(gone, "deleted", oid, null, 0), 0);
                }
            }
        }
    }

    private static FileChanged Fact(byte[] path, string operation, string? before, string? after, int mode) =>
        new(new GitPath(path).ToString(), operation, before, after, mode, NotCounted, NotCounted, null, null);

    private static bool Holds(UnixFolder folder, byte[] path)
    {
        using (folder)
        {
            return folder.Stat(path.AsSpan(Array.LastIndexOf(path, (byte)'/') + 1)) is not null;
        }
    }

    private static IEnumerable<(byte[] Path, string Oid)> Below(UnixFolder root, byte[] path)
    {
        var pending = new Stack<byte[]>([path]);

        while (pending.TryPop(out var next))
        {
            using var folder = root.OpenBelow(next);

            foreach (var (name, kind) in folder.List())
            {
                byte[] full = [.. next, (byte)'/', .. name];

                if (kind is UnixKind.Folder)
                {
                    pending.Push(full);
                }
                else if (BlobName.Of(folder, name) is { } oid)
                {
                    yield return (full, oid);
                }
            }
        }
    }

    /// <summary>The folder of a path, if the way to it leads through folders only.</summary>
    private static UnixFolder? Parent(UnixFolder root, byte[] path)
    {
        var slash = Array.LastIndexOf(path, (byte)'/');

        try
        {
            return root.OpenBelow(path.AsSpan(0, Math.Max(0, slash)));
        }
        catch (IOException error) when (error.HResult is UnixFolder.NoEntry or UnixFolder.NotAFolder or UnixFolder.IsALink)
        {
            return null;
        }
    }
}
