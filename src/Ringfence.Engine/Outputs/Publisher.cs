using Ringfence.Audit;
using Ringfence.Runs;
using Ringfence.Workspaces;

namespace Ringfence.Outputs;

/// <summary>Lets an approved change set leave, in the form that was asked for, and puts on record where it went.</summary>
/// <param name="patchFolder">Where patch files go: the folder that the command was given in.</param>
/// <param name="codeHost">Where pull requests go; null for a run that opens none.</param>
public sealed class Publisher(string patchFolder, CodeHostAccess? codeHost, TimeProvider time)
{
    /// <summary>Returns the branch or file; null when nothing was to leave.</summary>
    public async Task<Result<string?>> PublishAsync(ActiveRun run, Workspace workspace, ChangeSet changes, CancellationToken cancellationToken)
    {
        if (run.Request.Output is OutputKind.None || changes.IsEmpty)
        {
            return (string?)null;
        }

        if (run.Request.Output is OutputKind.PullRequest)
        {
            return await OpenAsync(run, workspace, changes, cancellationToken);
        }

        // While the commit is on its way: what the notes tell is known by the trees.
        var lines = AuthorshipNotes.LinesAsync(workspace, changes, cancellationToken);
        var publishing = run.Request.Output is OutputKind.Branch
            ? BranchOutput.PublishAsync(workspace, changes, Message(run), cancellationToken)
            : PatchOutput.PublishAsync(
                workspace, changes, Message(run), Path.Combine(patchFolder, $"ringfence-{run.Id}.patch"), cancellationToken);

        // Neither outlives the other; a diff that was broken off fails nothing.
        await ((Task)lines).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var result = await publishing;

        if (!result.Succeeded(out var published, out var why))
        {
            return Result.Fail<string?>(why);
        }

        if (published.Commit is { } commit)
        {
            run.Recorder.Append(new CommitCreated(commit, changes.Tree, [changes.Base]));
            await NoteAsync(
                new(commit, run.Request.Agent, run.Id.Value, run.Request.Model ?? "unknown", run.Request.RequestedBy, time.GetUtcNow()), workspace, lines, cancellationToken);
        }

        run.Recorder.Append(published.Kind is OutputKind.Branch
            ? new BranchCreated(published.Place, published.Commit!, workspace.Repository)
            : new ArtifactProduced(published.Place, changes.Digest, new FileInfo(published.Place).Length));
        run.Publish(published.Place);
        return published.Place;
    }

    private static async Task NoteAsync(AuthorshipNotes.ActiveNote note, Workspace workspace, Task<AddedLines?> lines, CancellationToken cancellationToken)
    {
        try
        {
            await AuthorshipNotes.WriteAsync(note, workspace, await lines, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // Too late to cancel: the branch is there, and the run has completed. Its notes are only for other tools.
        }
    }

    private async Task<Result<string?>> OpenAsync(ActiveRun run, Workspace workspace, ChangeSet changes, CancellationToken cancellationToken)
    {
        var terms = run.Request.PullRequest ?? new PullRequestTerms();

        if (!(await new PullRequestOutput(codeHost!, time).PublishAsync(workspace, changes, Message(run), terms, PullRequestBody.Of(run, changes), cancellationToken))
            .Succeeded(out var opened, out var why))
        {
            return Result.Fail<string?>(why);
        }

        // Notes are kept in the user's repository, which has no commit of a branch that was pushed past it.
        run.Recorder.Append(new CommitCreated(opened.Commit, changes.Tree, [changes.Base]));
        run.Recorder.Append(new BranchCreated(opened.Branch, opened.Commit, workspace.Repository));
        run.Recorder.Append(new PullRequestOpened(opened.Url, opened.Commit));
        run.Publish(opened.Url);
        return opened.Url;
    }

    private static CommitMessage Message(ActiveRun run)
    {
        var lines = run.Request.Prompt.Trim().Split('\n', 2);
        var subject = lines[0].Trim();
        return new CommitMessage(
            subject.Length <= 72 ? subject : subject[..71] + "…",
            subject.Length <= 72 && lines.Length == 1 ? null : run.Request.Prompt.Trim(),
            [new("Ringfence-Run", run.Id.Value), new("Ringfence-Head", run.Recorder.Head)]);
    }
}
