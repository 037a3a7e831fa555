using System.Text;
using Ringfence.Workspaces;

namespace Ringfence.Outputs;

/// <summary>The user's own working tree: <c>ringfence apply RUN</c>.</summary>
public static class WorkingTree
{
    /// <summary>
    /// Applies the change set to the working tree that <paramref name="folder"/> is in, not to its index. All or nothing: refuses when a file it
    /// would write has uncommitted changes or does not fit, never writes outside the repository or through a symbolic link, and makes no
    /// link that leads outside. Every reason for refusing is returned. The value is the number of files changed.
    /// </summary>
    public static async Task<Result<int>> ApplyAsync(
        Workspace workspace, ChangeSet changes, string folder, CancellationToken cancellationToken)
    {
        if (changes.IsEmpty)
        {
            return 0;
        }

        try
        {
            var found = await TopLevelAsync(folder, cancellationToken);

            if (!found.Succeeded(out var top))
            {
                return found.Failures[0];
            }

            var refusals = await RefusalsAsync(workspace, changes, top, cancellationToken);

            if (refusals.Count > 0)
            {
                return Result.Fail<int>(refusals);
            }

            using var patch = new MemoryStream();
            var written = await workspace.WriteDiffAsync(changes, patch, DiffFormat.Patch, cancellationToken);

            return written.IsFailure ? written.Failures[0] : await ApplyAsync(top, changes, patch.ToArray(), cancellationToken);
        }
        catch (Exception error) when (GitFailures.IsFileError(error))
        {
            return GitFailures.FromFileError("Applying the changes", error);
        }
    }

    private static async Task<Result<int>> ApplyAsync(string top, ChangeSet changes, byte[] patch, CancellationToken cancellationToken)
    {
        var git = Git.UserIn(top);
        string[] apply = ["apply", "--whitespace=nowarn", "--binary"];
        var asked = await git.RunAsync([.. apply, "--check", "-"], cancellationToken, patch);

        if (!asked.Succeeded(out var check) || !check.IsSuccess)
        {
            return asked.IsFailure ? asked.Failures[0] : GitFailures.From("apply_conflict", "The changes do not fit your files", check!.Error,
                "Your files differ from what the run started from. Merge the branch of the run instead: git can resolve that.");
        }

        // Past the check only the machine can fail (full disk, rights): then everything is put back. No cancellation from here on.
        using var backup = WorkingTreeBackup.Take(top, changes);
        var applied = await git.RunAsync([.. apply, "-"], CancellationToken.None, patch);

        if (applied.Succeeded(out var answer) && answer.IsSuccess)
        {
            return changes.Files.Count;
        }

        var outcome = backup.TryRestore() ? "your files were put back" : $"not all of your files could be put back, their contents are in {backup.Place}";
        return applied.IsFailure ? applied.Failures[0] : GitFailures.From("apply_failed", $"Applying the changes failed; {outcome}", answer!.Error);
    }

    private static async Task<Result<string>> TopLevelAsync(string folder, CancellationToken cancellationToken)
    {
        var failure = new Failure("not_a_repository", $"{Printable.Escape(folder)} is not inside the working tree of a git repository.", "Go to a clone of the repository first.");

        if (!Directory.Exists(folder))
        {
            return failure;
        }

        var asked = await Git.UserIn(folder).RunAsync(["rev-parse", "--path-format=absolute", "--show-toplevel"], cancellationToken);
        return !asked.Succeeded(out var answer) ? asked.Failures[0] : answer.IsSuccess ? answer.Text : failure;
    }

    private static async Task<List<Failure>> RefusalsAsync(
        Workspace workspace, ChangeSet changes, string top, CancellationToken cancellationToken)
    {
        var refusals = new List<Failure>();
        var asked = await Git.UserIn(top).RunAsync(
            ["status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all", "--ignore-submodules=all"], cancellationToken);

        if (!asked.Succeeded(out var status) || !status.IsSuccess)
        {
            return [asked.IsFailure ? asked.Failures[0] : GitFailures.From("not_a_repository", Printable.Escape(top), status!.Error)];
        }

        var dirty = Latin1.Split(status.Output).Where(l => l.Length > 3).Select(l => l[3..]).ToHashSet(StringComparer.Ordinal);
        using var root = UnixFolder.Open(top);

        foreach (var change in changes.Files)
        {
            var path = Encoding.Latin1.GetString(change.Path.Bytes);

            if (dirty.Contains(path))
            {
                refusals.Add(new("uncommitted_changes", $"{change.Path} has uncommitted changes.", "Commit or stash them first."));
            }
            else if (IsBehindLink(root, path, changes))
            {
                refusals.Add(new("path_through_link", $"{change.Path} lies behind a symbolic link of your working tree.", "Replace the link by a folder, or take the branch of the run."));
            }
        }

        var links = await LinkTargets.LeavingAsync(workspace, changes, cancellationToken);

        if (!links.Succeeded(out var leaving))
        {
            return [.. links.Failures];
        }

        foreach (var (path, target) in leaving)
        {
            refusals.Add(new("link_leaves_repository", $"{path} would become a symbolic link to {Printable.Escape(Latin1.Bytes(target))}, outside the repository.",
                "If you want it, take the branch of the run."));
        }

        return refusals;
    }

    private static bool IsBehindLink(UnixFolder root, string path, ChangeSet changes)
    {
        for (var slash = path.IndexOf('/', StringComparison.Ordinal); slash > 0; slash = path.IndexOf('/', slash + 1))
        {
            var parent = Latin1.Bytes(path[..slash]);
            var above = parent.AsSpan().LastIndexOf((byte)'/');
            using var folder = root.OpenBelow(parent.AsSpan(0, Math.Max(0, above)));
            var stat = folder.Stat(parent.AsSpan(above + 1));

            if (stat is { Kind: UnixKind.Link })
            {
                // Unless the change removes that very link.
                return !changes.Files.Any(f => f.Operation == FileOperation.Deleted && f.Path.Bytes.SequenceEqual(parent));
            }

            if (stat is not { Kind: UnixKind.Folder })
            {
                return false;
            }
        }

        return false;
    }
}
