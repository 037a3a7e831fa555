using Ringfence.Workspaces;

namespace Ringfence.Outputs;

/// <summary>
/// Publishes a change set as branch <c>ringfence/RUN</c> in the user's repository: objects and one ref (and the notes about its lines). Working tree, index, HEAD and every other
/// ref stay as they are, whatever is checked out or uncommitted there, and no hook of theirs runs.
/// </summary>
public static class BranchOutput
{
    /// <summary>Publishing again after a crash finds the branch and returns it.</summary>
    public static async Task<Result<Published>> PublishAsync(
        Workspace workspace, ChangeSet changes, CommitMessage message, CancellationToken cancellationToken)
    {
        if (workspace.LocalPath is not { } repository)
        {
            return new Failure("output_needs_local_repository", $"{workspace.Repository} is not on this machine, so it can get no branch.", "Use the patch output, or give the folder of a clone.");
        }

        var committed = await ChangeCommit.MakeAsync(workspace, changes, message, cancellationToken);

        if (!committed.Succeeded(out var commit))
        {
            return committed.Failures[0];
        }

        var branch = $"ringfence/{workspace.Run}";
        var git = Git.UserOn(repository);

        // There is one ref to take and it is known: the older protocol asks one question less.
        var fetched = await git.RunAsync(
            ["-c", "protocol.version=0", "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance", "--no-prune", "--no-recurse-submodules",
                "--upload-pack=git-upload-pack", "--", workspace.GitDirectory, $"{ChangeCommit.Ref}:refs/heads/{branch}"], cancellationToken);

        if (!fetched.Succeeded(out var answer))
        {
            return fetched.Failures[0];
        }

        // The name of a commit is the digest of its tree and parent, and the fetch has checked that all of it is there.
        if (answer.IsSuccess && await IsAsync(Path.Combine(repository, "refs", "heads", "ringfence", workspace.Run.Value), commit, cancellationToken))
        {
            return new Published(OutputKind.Branch, branch, commit, changes.Tree);
        }

        // The repository itself is asked what it has now: the branch is good when it holds exactly the tree that was verified, above the base.
        var asked = await git.RunAsync(
            ["rev-parse", $"refs/heads/{branch}^{{commit}}", $"refs/heads/{branch}^{{tree}}", $"refs/heads/{branch}^1", "--"], cancellationToken);
        var found = asked.Succeeded(out var there) && there.IsSuccess ? there.Text.Split('\n') : [];

        return found switch
        {
            [var published, var tree, var parent, ..] when tree == changes.Tree && parent == changes.Base =>
                new Published(OutputKind.Branch, branch, published, tree),
            [_, _, ..] => new Failure("branch_exists", $"The branch {branch} is there already and holds something else.", $"Rename or delete it: git branch -m {branch} OTHER"),
            _ when answer.Error.Contains("cannot lock ref", StringComparison.Ordinal) || answer.Error.Contains("exists; cannot create", StringComparison.Ordinal) =>
                new Failure("branch_blocked", $"The branch {branch} cannot be made: {Printable.Escape(answer.Error.Trim())}", "A branch called `ringfence` is in the way; rename it."),
            _ => GitFailures.From("publish_failed", $"Publishing {branch} ({commit})", answer.Error),
        };
    }

    /// <summary>False also where refs are not kept as files.</summary>
    private static async Task<bool> IsAsync(string file, string commit, CancellationToken cancellationToken) =>
        File.Exists(file) && (await File.ReadAllTextAsync(file, cancellationToken)).TrimEnd('\n') == commit;
}
