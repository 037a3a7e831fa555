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

        var committed = ChangeCommit.Make(workspace, changes, message);

        if (!committed.Succeeded(out var commit))
        {
            return committed.Failures[0];
        }

        var branch = $"ringfence/{workspace.Run}";
        var git = Git.UserOn(repository);

        if (await ObjectTransfer.SendAsync(Git.Own(workspace.GitDirectory), git, commit, changes.Base, changes.Files.Count, cancellationToken) is { } unsent)
        {
            return unsent;
        }

        // Until here nothing shows. The ref is one step that nobody breaks off: a cancelled run has no branch, and a branch has a run that completed.
        cancellationToken.ThrowIfCancellationRequested();
        var created = await git.RunAsync(
            ["update-ref", "-m", $"ringfence: run {workspace.Run}", $"refs/heads/{branch}", commit, new string('0', commit.Length)], CancellationToken.None);

        if (!created.Succeeded(out var answer))
        {
            return created.Failures[0];
        }

        if (answer.IsSuccess)
        {
            return new Published(OutputKind.Branch, branch, commit, changes.Tree);
        }

        // The repository itself is asked what it has now: the branch is good when it holds exactly the tree that was verified, above the base.
        var asked = await git.RunAsync(
            ["rev-parse", $"refs/heads/{branch}^{{commit}}", $"refs/heads/{branch}^{{tree}}", $"refs/heads/{branch}^1", "--"], CancellationToken.None);
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
}
