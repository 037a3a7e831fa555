using System.Data.Common;
using Ringfence.Agents;
using Ringfence.Approvals;
using Ringfence.Audit;
using Ringfence.Secrets;
using Ringfence.Storage;

namespace Ringfence.Runs;

/// <summary>
/// Sees a run to its end, whatever the pipeline does: holds the lease, keeps time, hears who asks for cancellation, keeps the change set, and
/// writes the one ending.
/// </summary>
public sealed class RunSupervisor(Database database, RunStore store, TimeProvider time)
{
    /// <summary>How often the row is looked at for a cancellation: half of the second within which one must take effect.</summary>
    private static readonly TimeSpan Heartbeat = TimeSpan.FromMilliseconds(500);

    private readonly ApprovalDesk approvals = new(database, store, time);

    /// <summary>Admits a run that this process will execute. Nothing is started yet, so that a screen can watch from the first event.</summary>
    public async Task<ActiveRun> AdmitAsync(RunRequest request, SecretRedactor redactor, CancellationToken cancellationToken) =>
        await OpenAsync(await store.CreateAsync(request, cancellationToken), redactor, cancellationToken);

    /// <summary>Opens the record of a run that this process holds.</summary>
    public async Task<ActiveRun> OpenAsync(Run run, SecretRedactor redactor, CancellationToken cancellationToken)
    {
        var recorder = await Recorder.OpenAsync(database, run.Id, time, cancellationToken);
        recorder.Redactor = redactor;

        if (recorder.Count == 0)
        {
            var request = run.Request;
            recorder.Append(new RunRequested(
                request.Repository, request.Ref, request.Agent, request.Model, recorder.Keep(System.Text.Encoding.UTF8.GetBytes(request.Prompt)),
                request.RequestedBy, RunStore.DigestOf(request), request.Continues?.Run));

            foreach (var input in request.Inputs)
            {
                recorder.Append(new RunInputGiven(input.Name, recorder.Keep(System.Text.Encoding.UTF8.GetBytes(input.Value)), input.IsText));
            }

            recorder.Append(new RunAdmitted(request.RequestedBy));
        }

        return new ActiveRun(run, store, recorder);
    }

    /// <summary>
    /// Executes a run to its end. A pipeline that could not be built is an ending like any other. A durable run goes back to the queue instead when
    /// it is interrupted, or when the cause may pass.
    /// </summary>
    public async Task<RunOutcome> RunAsync(ActiveRun run, Result<RunPipeline> pipeline, CancellationToken interrupted)
    {
        var left = run.Request.Limits.Time - run.Worked;
        using var deadline = new CancellationTokenSource(left > TimeSpan.Zero ? left : TimeSpan.Zero, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(interrupted, deadline.Token);
        var attending = AttendAsync(run, stop);
        var outcome = await ExecuteAsync(run, pipeline, stop.Token, deadline.Token);

        await stop.CancelAsync();
        var attention = await attending;
        run.Meter();

        // A run that waits for people is nobody's.
        if (run.Run.Status is RunStatus.Waiting)
        {
            return outcome;
        }

        if (!attention.IsHeld)
        {
            return RunEnding.Taken;
        }

        if (outcome is RunOutcome.Cancelled && attention.CancelledBy is null && interrupted.IsCancellationRequested && run.Run.IsDurable)
        {
            return await TryRequeueAsync(run, "handed_back", TimeSpan.Zero) ?? Handed;
        }

        if (run.Run.IsDurable && attention.CancelledBy is null && RunRetry.Wait(outcome, run.Run.Starts) is { } wait)
        {
            return await TryRequeueAsync(run, $"retry: {((RunOutcome.Failed)outcome).Failure.Code}", wait) ?? outcome;
        }

        outcome = outcome is RunOutcome.Cancelled cancelled ? cancelled with { By = attention.CancelledBy ?? cancelled.By } : outcome;
        return await RunEnding.TryWriteAsync(run, await RunEnding.SalvageAsync(run, outcome), run.Worked);
    }

    /// <summary>
    /// Asks for a run to be cancelled; one that nobody works on (queued, waiting) ends at once. False when it has ended already or somebody asked before.
    /// </summary>
    public async Task<bool> CancelAsync(Run run, string by, CancellationToken cancellationToken)
    {
        var asked = await store.TryRequestCancelAsync(run.Id, by, cancellationToken);

        if (run.Status is RunStatus.Waiting)
        {
            // What people were asked must be closed with it.
            await approvals.SweepAsync(cancellationToken);
        }
        else if (await store.TryTakeIdleAsync(run.Id, cancellationToken) is { } idle)
        {
            var active = await OpenAsync(idle, SecretRedactor.None, CancellationToken.None);

            await using (active.Recorder)
            {
                await RunEnding.WriteAsync(active, new RunOutcome.Cancelled(idle.CancelRequestedBy ?? by), idle.Worked);
            }
        }

        return asked;
    }

    private static async Task<RunOutcome> ExecuteAsync(
        ActiveRun run, Result<RunPipeline> pipeline, CancellationToken stop, CancellationToken deadline)
    {
        try
        {
            return pipeline.Succeeded(out var stages, out var why)
                ? await stages.ExecuteAsync(run, stop)
                : new RunOutcome.Failed(FailReason.BadInput, why[0]);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return deadline.IsCancellationRequested
                ? new RunOutcome.Failed(FailReason.Timeout, TimedOut(run))
                : new RunOutcome.Cancelled(run.Request.RequestedBy);
        }
        catch (RunTakenException)
        {
            return RunEnding.Taken;
        }
        catch (Exception exception) when (exception is RecordUnavailableException or DbException)
        {
            return new RunOutcome.Failed(FailReason.Environment, RunEnding.Unrecordable(exception));
        }
        catch (IOException exception)
        {
            return new RunOutcome.Failed(FailReason.Environment, new Failure("io_error", exception.Message, "Is the disk full?"));
        }
        catch (Exception bug)
        {
            return new RunOutcome.Failed(FailReason.Internal, new Failure(
                "internal", $"{bug.GetType().Name}: {bug.Message}", $"This is our mistake, not yours. Please report it:\n{bug.StackTrace}"));
        }
    }

    /// <summary>Null when the run is in the queue again; else the ending, because the store cannot be written.</summary>
    private async Task<RunOutcome?> TryRequeueAsync(ActiveRun run, string reason, TimeSpan wait)
    {
        try
        {
            await run.RequeueAsync(reason, time.GetUtcNow() + wait, CancellationToken.None);
            return null;
        }
        catch (Exception exception) when (exception is RecordUnavailableException or DbException)
        {
            // Its lease runs out, and whoever finds it then gives it back.
            return new RunOutcome.Failed(FailReason.Environment, RunEnding.Unrecordable(exception));
        }
        catch (RunTakenException)
        {
            return RunEnding.Taken;
        }
    }

    /// <summary>Renews the lease, and stops the run when somebody asked for it or another process has it. Tells how things stand at the end.</summary>
    private async Task<RunAttention> AttendAsync(ActiveRun run, CancellationTokenSource stop)
    {
        using var timer = new PeriodicTimer(Heartbeat, time);
        var (renewed, heard) = (time.GetTimestamp(), time.GetTimestamp());
        var attention = new RunAttention(IsHeld: true, CancelledBy: null);

        try
        {
            while (attention is { IsHeld: true, CancelledBy: null } && await timer.WaitForNextTickAsync(stop.Token))
            {
                try
                {
                    var due = time.GetElapsedTime(renewed) > RunStore.LeaseTime / 3;
                    attention = due ? await store.RenewAsync(run.Id, stop.Token) : await store.LookAsync(run.Id, stop.Token);
                    heard = time.GetTimestamp();
                    renewed = due ? heard : renewed;
                }
                catch (DbException) when (time.GetElapsedTime(heard) < RunStore.LeaseTime / 2)
                {
                    // A store that comes back before the lease could have run out changes nothing.
                }
                catch (DbException)
                {
                    // A store that cannot be read cannot say who cancels or who holds the lease: stop, rather than go on unattended. Whoever finds
                    // the run when its lease has run out takes care of it.
                    attention = new RunAttention(IsHeld: false, CancelledBy: null);
                }
            }

            await stop.CancelAsync();
        }
        catch (OperationCanceledException)
        {
            // The run has ended, perhaps because of somebody who asked since the last look.
        }

        return attention.IsHeld && attention.CancelledBy is null ? await LastLookAsync(run.Id, attention) : attention;
    }

    private async Task<RunAttention> LastLookAsync(RunId id, RunAttention otherwise)
    {
        try
        {
            return await store.LookAsync(id, CancellationToken.None);
        }
        catch (DbException)
        {
            return otherwise;
        }
    }

    private static RunOutcome Handed { get; } = new RunOutcome.Failed(FailReason.Interrupted, new Failure(
        "handed_back", "The run went back to the queue; the next server takes it up."));

    private static Failure TimedOut(ActiveRun run) => new(
        "timeout", $"The run used its time of {Duration.Show(run.Request.Limits.Time)}." + AgentVerdict.After(run.ModelTrouble), "Raise --timeout.");
}
