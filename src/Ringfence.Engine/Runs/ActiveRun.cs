using Ringfence.Audit;
using Ringfence.Workspaces;

namespace Ringfence.Runs;

/// <summary>
/// A run while this process executes it: its row, its record and what there is to salvage. The only writer of the run's state.
/// </summary>
public sealed class ActiveRun(Run run, RunStore store, Recorder recorder)
{
    public Run Run { get; private set; } = run;

    public RunId Id => Run.Id;

    public RunRequest Request => Run.Request;

    public Recorder Recorder { get; } = recorder;

    /// <summary>From the moment it is set, every ending keeps what the agent changed.</summary>
    public Workspace? Workspace { get; private set; }

    public ChangeSet? Changes { get; private set; }

    public async Task EnterAsync(RunStatus status, CancellationToken cancellationToken) =>
        Run = await store.MoveAsync(Run, status, Recorder, cancellationToken);

    public Task KeepAsync(Workspace workspace, CancellationToken cancellationToken)
    {
        Workspace = workspace;
        Run = Run with { BaseCommit = workspace.BaseCommit };
        Recorder.Append(new WorkspacePrepared(workspace.BaseCommit, workspace.BaseTree, workspace.Notices));
        return store.NoteAsync(Run, cancellationToken);
    }

    /// <summary>The workspace of a run that another process had begun.</summary>
    public void Salvage(Workspace workspace)
    {
        Workspace = workspace;
        Run = Run with { BaseCommit = workspace.BaseCommit };
    }

    /// <summary>Puts the change set on the record, file by file, and into the row.</summary>
    public Task KeepAsync(ChangeSet changes, CancellationToken cancellationToken)
    {
        Changes = changes;
        Run = Run with { Tree = changes.Tree, ChangeDigest = changes.Digest };

        foreach (var file in changes.Files)
        {
            Recorder.Append(new FileChanged(
                file.Path.ToString(), file.Operation.ToString().ToLowerInvariant(), file.BeforeOid, file.AfterOid, file.Mode,
                file.LinesAdded, file.LinesRemoved, By: null, Attribution: null));
        }

        Recorder.Append(new CheckpointReached(RunStore.Name(Run.Status), changes.Tree));
        return store.NoteAsync(Run, cancellationToken);
    }

    /// <summary>What the gateway counted so far.</summary>
    public void Meter(Money cost, int turns) => Run = Run with { Cost = cost, Turns = turns };

    public void Publish(string where) => Run = Run with { Published = where };

    public async Task EndAsync(RunEnded ended, CancellationToken cancellationToken) =>
        Run = await store.EndAsync(Run, ended, Recorder, cancellationToken);
}
