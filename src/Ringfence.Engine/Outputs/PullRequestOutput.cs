using Ringfence.Outputs.CodeHosts;
using Ringfence.Workspaces;

namespace Ringfence.Outputs;

/// <summary>The branch and the pull request that a change set became.</summary>
internal sealed record OpenedPullRequest(string Branch, string Commit, string Url);

/// <summary>
/// Publishes a change set as branch <c>ringfence/RUN</c> of its repository's server and opens a pull request for it, with the host's own git and token. Both
/// are found again by the branch's name: however often it is begun, there is one of each, and it holds exactly the tree that was approved.
/// </summary>
internal sealed class PullRequestOutput(CodeHostAccess access, TimeProvider time)
{
    private const int MostTries = 4;

    public async Task<Result<OpenedPullRequest>> PublishAsync(
        Workspace workspace, ChangeSet changes, CommitMessage message, PullRequestTerms terms, string body, CancellationToken cancellationToken)
    {
        using var http = new CodeHostHttp(access.Host, access.Token, time);
        var host = access.Open(http);
        var branch = $"ringfence/{workspace.Run}";

        if (!ChangeCommit.Make(workspace, changes, message).Succeeded(out var commit, out var why)
            || !(await PushAsync(workspace, changes, commit, branch, host, cancellationToken)).Succeeded(out commit, out why)
            || !(await BaseAsync(host, terms, cancellationToken)).Succeeded(out var target, out why)
            || !(await OpenAsync(host, http, new NewPullRequest(branch, target, terms.Title ?? message.Subject, body, terms.Draft), cancellationToken)).Succeeded(out var opened, out why))
        {
            return Result.Fail<OpenedPullRequest>(why);
        }

        if (opened.Commit != commit)
        {
            return new Failure("published_differs", $"{opened.Url} shows {opened.Commit}, and {commit} was published.", "Somebody pushed to its branch: look at it before it is merged.");
        }

        return await host.DecorateAsync(opened, terms, cancellationToken) is { } undecorated ? undecorated : new OpenedPullRequest(branch, commit, opened.Url);
    }

    private static async Task<Result<string>> BaseAsync(ICodeHost host, PullRequestTerms terms, CancellationToken cancellationToken) =>
        terms.Base is { } named ? named : await host.DefaultBranchAsync(cancellationToken);

    private static async Task<Result<PullRequest>> OpenAsync(ICodeHost host, CodeHostHttp http, NewPullRequest request, CancellationToken cancellationToken)
    {
        for (var attempt = 1; attempt <= MostTries; attempt++)
        {
            // Looked for first: the one before us may have been killed between the host's answer and its own note of it.
            if (!(await host.FindAsync(request.Branch, cancellationToken)).Succeeded(out var found, out var why))
            {
                return why[0];
            }

            if (found is not null)
            {
                return found;
            }

            if (!(await host.OpenAsync(request, cancellationToken)).Succeeded(out var opened, out why))
            {
                return why[0];
            }

            if (opened is not null)
            {
                return opened;
            }
        }

        return http.Unavailable("it neither opens the pull request nor shows it");
    }

    /// <summary>Pushes the commit as a new branch. A branch that is there already is good when it holds the same tree above the same base.</summary>
    private async Task<Result<string>> PushAsync(
        Workspace workspace, ChangeSet changes, string commit, string branch, ICodeHost host, CancellationToken cancellationToken)
    {
        var git = access.Git(workspace.GitDirectory, host.GitUser);
        var pushed = await git.RunAsync(["push", "--quiet", "--no-verify", "--no-follow-tags", "--recurse-submodules=no", "--", access.Remote, $"{commit}:refs/heads/{branch}"], cancellationToken);

        if (!pushed.Succeeded(out var answer))
        {
            return pushed.Failures[0];
        }

        // The server is asked what it has now. A commit's name is the digest of its tree and its parent.
        var asked = await git.RunAsync(["ls-remote", "--quiet", "--", access.Remote, $"refs/heads/{branch}"], cancellationToken);
        var there = asked.Succeeded(out var listed) && listed.IsSuccess ? listed.Text.Split('\t')[0] : "";

        if (there == commit)
        {
            return commit;
        }

        if (there.Length == 0)
        {
            return GitFailures.From("push_failed", $"Pushing {branch} to {Printable.Escape(access.Place.Host)}", answer.Error, $"May the token in {access.Host.Token} push there?");
        }

        var fetched = await git.RunAsync(["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance", "--", access.Remote, $"+refs/heads/{branch}:refs/ringfence/published"], cancellationToken);
        var held = fetched.Succeeded(out var got) && got.IsSuccess
            ? await Workspaces.Git.Own(workspace.GitDirectory).RunAsync(["rev-parse", "refs/ringfence/published", "refs/ringfence/published^{tree}", "refs/ringfence/published^1"], cancellationToken) : fetched;

        return held.Succeeded(out var names) && names.IsSuccess && names.Text.Split('\n') is [var found, var tree, var parent] && tree == changes.Tree && parent == changes.Base
            ? found
            : new Failure("branch_exists", $"The branch {branch} is there already and holds something else.", "Rename or delete it at the code host, then resume the run.");
    }
}
