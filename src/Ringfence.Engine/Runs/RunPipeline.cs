using Ringfence.Agents;
using Ringfence.Egress;
using Ringfence.Gateway;
using Ringfence.Outputs;
using Ringfence.Review;
using Ringfence.Secrets;
using Ringfence.Verification;
using Ringfence.Workspaces;

namespace Ringfence.Runs;

/// <summary>
/// The whole story of a run, on one screen. A stage calls what stands below it and never back; whatever is thrown or returned, the supervisor
/// keeps the change set. When a feature wants in, it becomes a stage, a decision or an output.
/// </summary>
public sealed class RunPipeline(
    WorkspaceStore workspaces, ModelGateway gateway, EgressPlan egress, AgentStage agents, Verifier verifier,
    Publisher publisher) : IDisposable
{
    /// <summary>Takes the run's secrets out of everything that is recorded.</summary>
    public SecretRedactor Redactor => egress.Redactor;

    public async Task<RunOutcome> ExecuteAsync(ActiveRun run, CancellationToken cancellationToken)
    {
        await run.EnterAsync(RunStatus.Preparing, cancellationToken);

        var prepared = run.Request.Continues is { } earlier
            ? await workspaces.ContinueAsync(run.Id, new RunId(earlier.Run), cancellationToken)
            : await workspaces.PrepareAsync(run.Id, run.Request.Repository, run.Request.Ref, null, cancellationToken);

        if (!prepared.Succeeded(out var workspace, out var why))
        {
            return new RunOutcome.Failed(IsBadInput(why[0]) ? FailReason.BadInput : FailReason.Environment, why[0]);
        }

        await run.KeepAsync(workspace, cancellationToken);
        await using var lease = gateway.Open(agents.LeaseFor(run), run.Recorder);
        var task = AgentTask.First(run.Request);
        VerificationResult verification;

        while (true)
        {
            await run.EnterAsync(RunStatus.Running, cancellationToken);
            var ending = await agents.RunAsync(run, workspace, lease, task, cancellationToken);
            run.Meter(lease.Spent, lease.Turns);

            if (!(await workspace.CollectAsync(cancellationToken)).Succeeded(out var changes, out why))
            {
                return new RunOutcome.Failed(FailReason.BlockedByGate, why[0]);
            }

            await run.KeepAsync(changes, cancellationToken);

            if (ending.Stop is { } stop)
            {
                return new RunOutcome.Failed(stop.Reason, stop.Failure, changes);
            }

            if (changes.IsEmpty && run.Request.Output is not OutputKind.None)
            {
                return new RunOutcome.Failed(FailReason.NothingDone, NothingDone(ending), changes);
            }

            await run.EnterAsync(RunStatus.Verifying, cancellationToken);
            verification = await verifier.VerifyAsync(run, workspace, changes, task.Attempt, cancellationToken);

            if (verification.Failure is { } unable)
            {
                return new RunOutcome.Failed(FailReason.Environment, unable, changes);
            }

            if (verification.Passed)
            {
                break;
            }

            if (task.Attempt == run.Request.Attempts)
            {
                return new RunOutcome.Failed(FailReason.VerificationFailed, verification.WhyNot(task.Attempt), changes);
            }

            task = task.Again(verification.Feedback, ending.Session);
        }

        await run.EnterAsync(RunStatus.Reviewing, cancellationToken);

        if (await Reviewer.ReviewAsync(run, workspace, run.Changes!, verification.Checks, cancellationToken) is { } blocked)
        {
            return new RunOutcome.Failed(FailReason.BlockedByGate, blocked, run.Changes);
        }

        await run.EnterAsync(RunStatus.Publishing, cancellationToken);

        return (await publisher.PublishAsync(run, workspace, run.Changes!, cancellationToken)).Succeeded(out var published, out why)
            ? new RunOutcome.Completed(run.Changes, published)
            : new RunOutcome.Failed(FailReason.Environment, why[0], run.Changes);
    }

    public void Dispose() => egress.Dispose();

    /// <summary>What the user named and is not there, as against what this machine lacks.</summary>
    private static bool IsBadInput(Failure failure) => failure.Code is
        "not_a_repository" or "unknown_ref" or "repository_without_commits" or "repository_unreachable" or "repository_not_trusted";

    private static Failure NothingDone(AgentEnding ending) =>
        new("nothing_done", "The agent ended without changing a file." + (ending.Said is { Length: > 0 } said ? $" It said: {said}" : ""),
            "If no change is wanted, use --output none.");
}
