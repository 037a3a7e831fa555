using Ringfence.Agents;
using Ringfence.Approvals;
using Ringfence.Egress;
using Ringfence.Gateway;
using Ringfence.Outputs;
using Ringfence.Review;
using Ringfence.Secrets;
using Ringfence.Setups;
using Ringfence.Verification;
using Ringfence.Workspaces;

namespace Ringfence.Runs;

/// <summary>
/// The whole story of a run, on one screen. A stage calls what stands below it and never back; whatever is thrown or returned, the supervisor
/// keeps the change set. When a feature wants in, it becomes a stage, a decision or an output.
/// </summary>
public sealed class RunPipeline(
    WorkspaceStore workspaces, ModelGateway gateway, CassetteFolder cassettes, EgressPlan egress, SetupStage? setup, AgentStage agents, Verifier verifier,
    Reviewer reviewer, ApprovalDesk approvals, Publisher publisher) : IDisposable
{
    /// <summary>Takes the run's secrets out of everything that is recorded.</summary>
    public SecretRedactor Redactor => egress.Redactor;

    public async Task<RunOutcome> ExecuteAsync(ActiveRun run, CancellationToken cancellationToken)
    {
        await run.EnterAsync(RunStatus.Preparing, cancellationToken);

        if (!(await WorkspaceAsync(run, cancellationToken)).Succeeded(out var workspace, out var why))
        {
            return new RunOutcome.Failed(IsBadInput(why[0]) ? FailReason.BadInput : FailReason.Environment, why[0]);
        }

        if (setup is not null && !(await setup.PrepareAsync(run, workspace, cancellationToken)).Succeeded(out workspace, out why))
        {
            return new RunOutcome.Failed(FailReason.SetupFailed, why[0]);
        }

        if (!gateway.Open(agents.LeaseFor(run), run.Recorder, cassettes.ModeOf(run.Id, run.Request, Redactor.Redact)).Succeeded(out var lease, out why))
        {
            return new RunOutcome.Failed(FailReason.Environment, why[0]);
        }

        await using var _ = lease;
        run.Use(lease);

        // Where an earlier start of this run came to, and what people said since; null when there is everything to do.
        var from = run.Changes is null ? null : run.Run.Checkpoint;
        var granted = await approvals.GrantedAsync(run.Id, cancellationToken);
        var questions = new RunQuestions(approvals, run, workspace, granted);
        var task = AgentTask.First(run.Request);
        task = questions.Tell(from is null ? task : task with { Attempt = from.Attempt, Session = from.Session });
        VerificationResult verification;

        if (from is null && questions.WantsPlan)
        {
            await run.EnterAsync(RunStatus.Running, checkpoint: null, cancellationToken);
            var planned = await agents.RunAsync(run, workspace, lease, task.ForPlan(), cancellationToken);
            return planned.Stop is { } cut ? new RunOutcome.Failed(cut.Reason, cut.Failure)
                : planned.Said is { Length: > 0 } plan ? await questions.PlanAsync(plan, cancellationToken)
                : new RunOutcome.Failed(FailReason.AgentError, new Failure("no_plan", "The agent ended without a plan."));
        }

        while (true)
        {
            if (from is null or { Stage: RunStatus.Running })
            {
                await run.EnterAsync(RunStatus.Running, checkpoint: null, cancellationToken);
                var ending = await agents.RunAsync(run, workspace, lease, task, cancellationToken);

                if (!(await workspace.CollectAsync(cancellationToken)).Succeeded(out var changes, out why))
                {
                    return new RunOutcome.Failed(FailReason.BlockedByGate, why[0]);
                }

                run.Keep(changes);

                if (await questions.AfterAgentAsync(ending, task, cancellationToken) is { } waiting)
                {
                    return waiting;
                }

                if (ending.Stop is { } stop && !(AgentVerdict.IsNoResult(stop) && changes.IsEmpty))
                {
                    return new RunOutcome.Failed(stop.Reason, stop.Failure, changes);
                }

                if (changes.IsEmpty && (run.Request.Output is not OutputKind.None || ending.Stop is not null))
                {
                    return new RunOutcome.Failed(FailReason.NothingDone, NothingDone(ending), changes);
                }

                task = task with { Session = ending.Session };
            }

            if (from is { Stage: RunStatus.Reviewing })
            {
                verification = await Verifier.RecordedAsync(run, cancellationToken);
                break;
            }

            from = null;
            await run.EnterAsync(RunStatus.Verifying, new RunCheckpoint(RunStatus.Verifying, task.Attempt, task.Session), cancellationToken);
            verification = await verifier.VerifyAsync(run, workspace, run.Changes!, task.Attempt, cancellationToken);

            if (verification.Failure is { } unable)
            {
                return new RunOutcome.Failed(FailReason.Environment, unable, run.Changes);
            }

            if (verification.Passed)
            {
                break;
            }

            if (task.Attempt == run.Request.Attempts)
            {
                return new RunOutcome.Failed(FailReason.VerificationFailed, verification.WhyNot(task.Attempt), run.Changes);
            }

            task = task.Again(verification.Feedback, task.Session);
        }

        await run.EnterAsync(RunStatus.Reviewing, new RunCheckpoint(RunStatus.Reviewing, task.Attempt, task.Session), cancellationToken);

        var review = await reviewer.ReviewAsync(run, workspace, verification.Checks, from is null ? null : granted.ChangeDigest, cancellationToken);

        if (review.Blocked is { } blocked)
        {
            return new RunOutcome.Failed(FailReason.BlockedByGate, blocked, run.Changes);
        }

        if (await questions.BeforeLeavingAsync(review, cancellationToken) is { } asked)
        {
            return asked;
        }

        await run.EnterAsync(RunStatus.Publishing, cancellationToken);

        return (await publisher.PublishAsync(run, workspace, run.Changes!, cancellationToken)).Succeeded(out var published, out why)
            ? new RunOutcome.Completed(run.Changes, published)
            : new RunOutcome.Failed(FailReason.Environment, why[0], run.Changes);
    }

    public void Dispose()
    {
        egress.Dispose();
        setup?.Dispose();
    }

    /// <summary>
    /// The workspace of an earlier start, when it holds exactly what the checkpoint says; else a new one, from the commit that the run began with.
    /// </summary>
    private async Task<Result<Workspace>> WorkspaceAsync(ActiveRun run, CancellationToken cancellationToken)
    {
        if (run.Run.Checkpoint is not null && (await workspaces.OpenAsync(run.Id, cancellationToken)).Succeeded(out var kept)
            && (await kept.CollectAsync(cancellationToken)).Succeeded(out var changes) && changes.Digest == run.Run.ChangeDigest)
        {
            await run.GoOnAsync(kept, changes, cancellationToken);
            return kept;
        }

        // What an agent that was killed left behind is no clean start.
        if (run.Run.Starts > 1 && await workspaces.RemoveAsync(run.Id, cancellationToken) is { IsFailure: true } left)
        {
            return Result.Fail<Workspace>(left.Failures);
        }

        var prepared = run.Request.Continues is { } earlier
            ? await workspaces.ContinueAsync(run.Id, new RunId(earlier.Run), cancellationToken)
            : await workspaces.PrepareAsync(run.Id, run.Request.Repository, run.Run.BaseCommit ?? run.Request.Ref, null, cancellationToken);

        if (prepared.Succeeded(out var workspace))
        {
            run.Keep(workspace);
        }

        return prepared;
    }

    /// <summary>What the user named and is not there, as against what this machine lacks.</summary>
    private static bool IsBadInput(Failure failure) => failure.Code is
        "not_a_repository" or "unknown_ref" or "repository_without_commits" or "repository_not_trusted";

    private static Failure NothingDone(AgentEnding ending) =>
        new("nothing_done", "The agent ended without changing a file." + (ending.Said is { Length: > 0 } said ? $" It said: {said}" : ""),
            "If no change is wanted, use --output none.");
}
