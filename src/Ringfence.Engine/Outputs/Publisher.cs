using Ringfence.Audit;
using Ringfence.Runs;
using Ringfence.Workspaces;

namespace Ringfence.Outputs;

/// <summary>Lets an approved change set leave, in the form that was asked for, and puts on record where it went.</summary>
/// <param name="patchFolder">Where patch files go: the folder that the command was given in.</param>
public sealed class Publisher(string patchFolder, TimeProvider time)
{
    /// <summary>Returns the branch or file; null when nothing was to leave.</summary>
    public async Task<Result<string?>> PublishAsync(ActiveRun run, Workspace workspace, ChangeSet changes, CancellationToken cancellationToken)
    {
        if (run.Request.Output is OutputKind.None || changes.IsEmpty)
        {
            return (string?)null;
        }

        var result = run.Request.Output is OutputKind.Branch
            ? await BranchOutput.PublishAsync(workspace, changes, Message(run), cancellationToken)
            : await PatchOutput.PublishAsync(
                workspace, changes, Message(run), Path.Combine(patchFolder, $"ringfence-{run.Id}.patch"), cancellationToken);

        if (!result.Succeeded(out var published, out var why))
        {
            return Result.Fail<string?>(why);
        }

        if (published.Commit is { } commit)
        {
            run.Recorder.Append(new CommitCreated(commit, published.Tree, [changes.Base]));
            await AuthorshipNotes.WriteAsync(
                new(commit, run.Request.Agent, run.Id.Value, run.Request.Model ?? "unknown", run.Request.RequestedBy, time.GetUtcNow()), workspace, changes, cancellationToken);
        }

        run.Recorder.Append(published.Kind is OutputKind.Branch
            ? new BranchCreated(published.Place, published.Commit!, workspace.Repository)
            : new ArtifactProduced(published.Place, changes.Digest, new FileInfo(published.Place).Length));
        run.Publish(published.Place);
        return published.Place;
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
