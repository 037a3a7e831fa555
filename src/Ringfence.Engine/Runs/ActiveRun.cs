using Ringfence.Audit;
using Ringfence.Gateway;
using Ringfence.Storage;
using Ringfence.Workspaces;

namespace Ringfence.Runs;

/// <summary>
/// A run while this process executes it: its row, its record and what there is to salvage. The only writer of the run's state.
/// </summary>
public sealed class ActiveRun(Run run, RunStore store, Recorder recorder)
{
    private readonly CommandTimeline commands = new();
    private readonly Money costBefore = run.Cost;
    private readonly int turnsBefore = run.Turns;
    private readonly long began = store.Time.GetTimestamp();
    private GatewayLease? lease;

    public Run Run { get; private set; } = run;

    public RunId Id => Run.Id;

    public RunRequest Request => Run.Request;

    public Recorder Recorder { get; } = recorder;

    /// <summary>The same record, for the sandboxes that write to the workspace: what they executed explains later what changed.</summary>
    public IRecorder InWorkspace => field ??= new TimedRecorder(Recorder, commands);

    /// <summary>From the moment it is set, every ending keeps what the agent changed.</summary>
    public Workspace? Workspace { get; private set; }

    public ChangeSet? Changes { get; private set; }

    /// <summary>Turns that are left to this start of the run.</summary>
    public int TurnsLeft => Math.Max(0, Request.Limits.Turns - turnsBefore);

    /// <summary>For how long somebody has worked on this run, in all its starts. Waiting for people is no work.</summary>
    public TimeSpan Worked => Run.Worked + store.Time.GetElapsedTime(began);

    /// <summary>A name that no earlier start of this run has used, for sandboxes and calls: facts are told apart by them.</summary>
    public string Named(string name) => Run.Starts > 1 ? $"{name}.s{Run.Starts}" : name;

    public async Task EnterAsync(RunStatus status, CancellationToken cancellationToken) =>
        Run = await store.MoveAsync(Run, status, Recorder, cancellationToken);

    /// <summary>Enters a stage from which the run can go on after a crash; null forgets where it could.</summary>
    public Task EnterAsync(RunStatus status, RunCheckpoint? checkpoint, CancellationToken cancellationToken)
    {
        Run = Run with { Checkpoint = checkpoint };
        return EnterAsync(status, cancellationToken);
    }

    /// <summary>
    /// Waits for people: what the run <paramref name="asks"/> is on record, and put by <paramref name="ask"/>, in the same transaction. From then on the
    /// run is nobody's.
    /// </summary>
    public async Task WaitAsync(RunCheckpoint? checkpoint, AuditFact asks, Func<DatabaseTransaction, Task> ask, CancellationToken cancellationToken)
    {
        Meter();
        Run = await RunStore.WaitAsync(Run with { Checkpoint = checkpoint, Worked = Worked }, asks, ask, Recorder, cancellationToken);
    }

    /// <summary>Puts the workspace on the record; the next move writes it into the row.</summary>
    public void Keep(Workspace workspace)
    {
        Workspace = workspace;
        Run = Run with { BaseCommit = workspace.BaseCommit };
        Recorder.Append(new WorkspacePrepared(workspace.BaseCommit, workspace.BaseTree, workspace.Notices));
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

    /// <summary>Goes on with what an earlier start left at its checkpoint.</summary>
    public async Task GoOnAsync(Workspace workspace, ChangeSet changes, CancellationToken cancellationToken)
    {
        await SalvageAsync(workspace, (await Recorder.EventsAsync(["command.started", "command.finished"], cancellationToken)).ToAsyncEnumerable());
        Changes = changes;
    }

    /// <summary>Puts the change set on the record, file by file; the next move writes it into the row.</summary>
    public void Keep(ChangeSet changes)
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
        Meter();
    }

    /// <summary>From now on the run costs what this lease spends, beside what earlier starts spent.</summary>
    public void Use(GatewayLease opened) => lease = opened;

    /// <summary>Ends on record what was still open when another process that executed this run was killed.</summary>
    public async Task EndConnectionsAsync(IAsyncEnumerable<AuditEvent> connections)
    {
        var lost = new LostConnections();

        await foreach (var happened in connections)
        {
            lost.Add(happened);
        }

        foreach (var end in lost.Ends())
        {
            Recorder.Append(end);
        }
    }

    public void Publish(string where) => Run = Run with { Published = where };

    /// <param name="hint">What could be done about a failure.</param>
    public async Task EndAsync(RunEnded ended, string? hint, CancellationToken cancellationToken) =>
        Run = await store.EndAsync(Run with { Hint = hint }, ended, Recorder, cancellationToken);

    /// <summary>Gives the run back to the queue.</summary>
    public async Task RequeueAsync(string reason, DateTimeOffset due, CancellationToken cancellationToken)
    {
        Meter();
        Run = await RunStore.RequeueAsync(Run with { Worked = Worked }, reason, due, Recorder, cancellationToken);
    }

    /// <summary>Why the newest model call has no whole answer; null when it has.</summary>
    public Failure? ModelTrouble => lease?.Trouble;

    /// <summary>Takes over what the gateway counted so far. Also right after the lease was closed, when the last calls have been settled.</summary>
    public void Meter() => Run = lease is null ? Run : Run with { Cost = costBefore + lease.Spent, Turns = turnsBefore + lease.Turns };
}
