using Ringfence.Approvals;
using Ringfence.Audit;
using Ringfence.Budgets;
using Ringfence.Storage;
using Ringfence.Workspaces;

namespace Ringfence.Runs;

/// <summary>
/// Takes care of the runs whose supervisor is gone: kill -9, a crash, power loss. A durable one goes back to the queue, to its checkpoint; any other
/// ends, and its change set, still in the overlay on disk, is kept. Called at every start; nothing else recovers anything.
/// </summary>
public sealed class RunRecovery(Database database, RunStore store, ApprovalDesk approvals, WorkspaceStore workspaces, TimeProvider time)
{
    private readonly BudgetRecovery budgets = new(database);
    private readonly AuditReader reader = new(database);

    /// <returns>The runs that ended.</returns>
    public async Task<IReadOnlyList<Run>> RecoverAsync(CancellationToken cancellationToken)
    {
        var ended = new List<Run>();
        var gone = new HashSet<string>(StringComparer.Ordinal);
        await approvals.SweepAsync(cancellationToken);

        foreach (var abandoned in await store.AbandonedAsync(cancellationToken))
        {
            if (!await store.TryTakeOverAsync(abandoned, cancellationToken))
            {
                continue;
            }

            gone.Add(abandoned.Worker!);

            if (await RecoverAsync(abandoned, cancellationToken) is { } run)
            {
                ended.Add(run);
            }
        }

        // Not before: what a dead process had spent of it must be booked first.
        await budgets.ReleaseAsync(gone, cancellationToken);
        return ended;
    }

    private async Task<Run?> RecoverAsync(Run abandoned, CancellationToken cancellationToken)
    {
        // Nobody works on a run that waits: who died only held it for an answer.
        if (abandoned is { Status: RunStatus.Waiting } or { IsDurable: true, Status: RunStatus.Queued, CancelRequestedBy: null })
        {
            await store.ReleaseAsync(abandoned.Id, cancellationToken);
            return null;
        }

        await using var recorder = await Recorder.OpenAsync(database, abandoned.Id, time, cancellationToken);
        var used = UsedSoFar.Of(await recorder.EventsAsync(UsedSoFar.Types, cancellationToken));
        await budgets.BookAsync(abandoned.Id, used.Calls, cancellationToken);
        var run = new ActiveRun(abandoned with { Cost = used.Cost, Turns = used.Turns }, store, recorder);
        await run.EndConnectionsAsync(reader.EventsAsync(abandoned.Id, -1, ["net.opened", "net.connection"], cancellationToken));

        if (abandoned is { IsDurable: true, CancelRequestedBy: null, Starts: < RunRetry.MostStarts })
        {
            await run.RequeueAsync("interrupted", time.GetUtcNow(), cancellationToken);
            return null;
        }

        if ((await workspaces.OpenAsync(abandoned.Id, cancellationToken)).Succeeded(out var workspace))
        {
            await run.SalvageAsync(workspace, reader.EventsAsync(abandoned.Id, -1, ["command.started", "command.finished"], cancellationToken));
        }

        RunOutcome interrupted = abandoned.CancelRequestedBy is { } by ? new RunOutcome.Cancelled(by) : new RunOutcome.Failed(FailReason.Interrupted, new Failure(
            "interrupted", "Ringfence was ended while the run was going on. What the agent had changed until then was kept."));
        await RunEnding.WriteAsync(run, await RunEnding.SalvageAsync(run, interrupted), abandoned.Worked);
        return run.Run;
    }
}
