using Ringfence.Audit;
using Ringfence.Storage;
using Ringfence.Workspaces;

namespace Ringfence.Runs;

/// <summary>
/// A run while this process executes it: its row, its record and what there is to salvage. The only writer of the run's state.
/// </summary>
public sealed class ActiveRun(Run run, RunStore store, Recorder recorder)
{
    private readonly CommandTimeline commands = new();

    public Run Run { get; private set; } = run;

    public RunId Id => Run.Id;

    public RunRequest Request => Run.Request;

    public Recorder Recorder { get; } = recorder;

    /// <summary>The same record, for the sandboxes that write to the workspace: what they executed explains later what changed.</summary>
    public IRecorder InWorkspace => field ??= new TimedRecorder(Recorder, commands);

    /// <summary>From the moment it is set, every ending keeps what the agent changed.</summary>
    public Workspace? Workspace { get; private set; }

    public ChangeSet? Changes { get; private set; }

    public async Task EnterAsync(RunStatus status, CancellationToken cancellationToken) =>
        Run = await store.MoveAsync(Run, status, Recorder, cancellationToken);

    /// <summary>Waits for people: <paramref name="ask"/> puts the question in the same transaction. From then on the run is nobody's.</summary>
    public async Task WaitAsync(Func<DatabaseTransaction, Task> ask, CancellationToken cancellationToken) =>
        Run = await RunStore.WaitAsync(Run, ask, Recorder, cancellationToken);

    public Task KeepAsync(Workspace workspace, CancellationToken cancellationToken)
    {
        Workspace = workspace;
        Run = Run with { BaseCommit = workspace.BaseCommit };
        Recorder.Append(new WorkspacePrepared(workspace.BaseCommit, workspace.BaseTree, workspace.Notices));
        return store.NoteAsync(Run, cancellationToken);
    }

    /// <summary>The workspace of a run that another process had begun.</summary>
    /// <param name="executed">The events of its commands, as far as they were recorded.</param>
    public async Task SalvageAsync(Workspace workspace, IAsyncEnumerable<AuditEvent> executed)
    {
        await foreach (var happened in executed)
        {
            commands.Add(happened.Fact!, happened.Seq);
        }

        commands.BreakOff();
        Workspace = workspace;
        Run = Run with { BaseCommit = workspace.BaseCommit };
    }

    /// <summary>Puts the change set on the record, file by file, and into the row.</summary>
    public Task KeepAsync(ChangeSet changes, CancellationToken cancellationToken)
    {
        Changes = changes;
        Run = Run with { Tree = changes.Tree, ChangeDigest = changes.Digest };

        var explanations = commands.Explain([.. changes.Files.Select(file => (file.Path.ToString(), file.ChangedAt))]);

        foreach (var (file, why) in changes.Files.Zip(explanations))
        {
            Recorder.Append(new FileChanged(
                file.Path.ToString(), file.Operation.ToString().ToLowerInvariant(), file.BeforeOid, file.AfterOid, file.Mode,
                file.LinesAdded, file.LinesRemoved, why.By, why.Attribution)
            {
                ChangedAt = file.ChangedAt,
                Candidates = why.Candidates.Count > 1 ? why.Candidates : null,
                Causes = why.Seq >= 0 ? [why.Seq] : [],
            });
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
