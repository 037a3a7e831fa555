using System.Data.Common;
using Ringfence.Audit;
using Ringfence.Secrets;
using Ringfence.Storage;
using Ringfence.Workspaces;

namespace Ringfence.Runs;

/// <summary>
/// Sees a run to its end, whatever the pipeline does: holds the lease, keeps time, hears who asks for cancellation, keeps the change set, and
/// writes the one ending.
/// </summary>
public sealed class RunSupervisor(Database database, RunStore store, TimeProvider time)
{
    /// <summary>How often the row is looked at for a cancellation: half of the second within which one must take effect.</summary>
    private static readonly TimeSpan Heartbeat = TimeSpan.FromMilliseconds(500);

    /// <summary>The time that an ended run has for keeping its change set.</summary>
    private static readonly TimeSpan SalvageTime = TimeSpan.FromMinutes(2);

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
                request.RequestedBy, RunStore.Digest(RunJson.Canonical(request)), request.Continues?.Run));
            recorder.Append(new RunAdmitted(request.RequestedBy));
        }

        return new ActiveRun(run, store, recorder);
    }

    /// <summary>Executes a run to its end. A pipeline that could not be built is an ending like any other.</summary>
    public async Task<RunOutcome> RunAsync(ActiveRun run, Result<RunPipeline> pipeline, CancellationToken interrupted)
    {
        var began = time.GetTimestamp();
        using var deadline = new CancellationTokenSource(run.Request.Limits.Time, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(interrupted, deadline.Token);
        var attending = AttendAsync(run, stop);
        RunOutcome outcome;

        try
        {
            outcome = pipeline.Succeeded(out var stages, out var why)
                ? await stages.ExecuteAsync(run, stop.Token)
                : new RunOutcome.Failed(FailReason.BadInput, why[0]);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            outcome = deadline.IsCancellationRequested
                ? new RunOutcome.Failed(FailReason.Timeout, TimedOut(run.Request.Limits.Time))
                : new RunOutcome.Cancelled(interrupted.IsCancellationRequested ? run.Request.RequestedBy : await CancellerAsync(run));
        }
        catch (Exception exception) when (exception is RecordUnavailableException or DbException)
        {
            outcome = new RunOutcome.Failed(FailReason.Environment, Unrecordable(exception));
        }
        catch (IOException exception)
        {
            outcome = new RunOutcome.Failed(FailReason.Environment, new Failure("io_error", exception.Message, "Is the disk full?"));
        }
        catch (Exception bug)
        {
            outcome = new RunOutcome.Failed(FailReason.Internal, new Failure(
                "internal", $"{bug.GetType().Name}: {bug.Message}", $"This is our mistake, not yours. Please report it:\n{bug.StackTrace}"));
        }

        await stop.CancelAsync();
        await attending;
        return await TryEndAsync(run, await SalvageAsync(run, outcome), time.GetElapsedTime(began));
    }

    /// <summary>
    /// Ends the runs whose supervisor is gone: kill -9, a crash, power loss. Their change sets are still in the overlay on disk. Called at every
    /// start; nothing else recovers anything.
    /// </summary>
    public async Task<IReadOnlyList<Run>> RecoverAsync(WorkspaceStore workspaces, CancellationToken cancellationToken)
    {
        var recovered = new List<Run>();

        foreach (var abandoned in await store.AbandonedAsync(cancellationToken))
        {
            if (!await store.TryTakeOverAsync(abandoned, cancellationToken))
            {
                continue;
            }

            await using var recorder = await Recorder.OpenAsync(database, abandoned.Id, time, cancellationToken);
            var run = new ActiveRun(abandoned, store, recorder);

            if ((await workspaces.OpenAsync(abandoned.Id, cancellationToken)).Succeeded(out var workspace))
            {
                await run.SalvageAsync(
                    workspace, new AuditReader(database).EventsAsync(abandoned.Id, -1, ["command.started", "command.finished"], cancellationToken));
            }

            var interrupted = new RunOutcome.Failed(FailReason.Interrupted, new Failure(
                "interrupted", "Ringfence was ended while the run was going on. What the agent had changed until then was kept."));
            await EndAsync(run, await SalvageAsync(run, interrupted), TimeSpan.Zero);
            recovered.Add(run.Run);
        }

        return recovered;
    }

    /// <summary>Keeps the change set of a run that ended before the pipeline could.</summary>
    private static async Task<RunOutcome> SalvageAsync(ActiveRun run, RunOutcome outcome)
    {
        if (outcome is RunOutcome.Completed || run.Workspace is null)
        {
            return outcome;
        }

        var changes = outcome.Changes;

        if (changes is null)
        {
            // Not the run's own token: that one is cancelled, and this work must be done all the same.
            using var patience = new CancellationTokenSource(SalvageTime);

            try
            {
                if ((await run.Workspace.CollectAsync(patience.Token)).Succeeded(out changes))
                {
                    await run.KeepAsync(changes, patience.Token);
                }
            }
            catch (Exception failed) when (failed is IOException or OperationCanceledException or UnauthorizedAccessException or DbException)
            {
                // The workspace stays on disk; `ringfence diff` and the next start try again.
                return outcome;
            }
        }

        if (changes is { IsEmpty: false })
        {
            run.Recorder.Append(new RunSalvaged(changes.Tree, changes.Digest, changes.Files.Count));
        }

        return outcome with { Changes = changes };
    }

    /// <summary>An ending that cannot be written leaves the run to the next start, which finds it abandoned and ends it then.</summary>
    private static async Task<RunOutcome> TryEndAsync(ActiveRun run, RunOutcome outcome, TimeSpan took)
    {
        try
        {
            return await EndAsync(run, outcome, took);
        }
        catch (Exception exception) when (exception is RecordUnavailableException or DbException)
        {
            return new RunOutcome.Failed(FailReason.Environment, Unrecordable(exception), outcome.Changes);
        }
    }

    private static async Task<RunOutcome> EndAsync(ActiveRun run, RunOutcome outcome, TimeSpan took)
    {
        var (status, reason, message, by) = outcome switch
        {
            RunOutcome.Completed => (RunStatus.Completed, (FailReason?)null, (string?)null, (string?)null),
            RunOutcome.Cancelled cancelled => (RunStatus.Cancelled, null, $"Cancelled by {cancelled.By}.", cancelled.By),
            RunOutcome.Failed failed => (RunStatus.Failed, failed.Reason, failed.Failure.Message, null),
            _ => throw new InvalidOperationException("An outcome that is none."),
        };

        await run.EndAsync(
            new RunEnded(
                RunStore.Name(status), reason?.ToName(), message, by, run.Run.Turns, run.Run.Cost.Nanodollars, (long)took.TotalMilliseconds,
                new Dictionary<string, long>()),
            CancellationToken.None);

        return outcome;
    }

    /// <summary>Renews the lease, and stops the run when somebody asked for it.</summary>
    private async Task AttendAsync(ActiveRun run, CancellationTokenSource stop)
    {
        using var timer = new PeriodicTimer(Heartbeat, time);
        var renewed = time.GetTimestamp();

        try
        {
            while (await timer.WaitForNextTickAsync(stop.Token))
            {
                var due = time.GetElapsedTime(renewed) > RunStore.LeaseTime / 3;
                var canceller = due ? await store.RenewAsync(run.Id, stop.Token) : await store.CancelRequestedByAsync(run.Id, stop.Token);
                renewed = due ? time.GetTimestamp() : renewed;

                if (canceller is not null)
                {
                    await stop.CancelAsync();
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The run has ended.
        }
        catch (DbException)
        {
            // A store that cannot be read cannot say who cancels or who holds the lease: stop, rather than go on unattended.
            await stop.CancelAsync();
        }
    }

    private async Task<string> CancellerAsync(ActiveRun run) => await store.CancelRequestedByAsync(run.Id, CancellationToken.None) ?? "the store";

    private static Failure Unrecordable(Exception exception) => new(
        "record_unavailable", $"The record could not be written, so the run was stopped: {exception.Message}", "Is the disk full?");

    private static Failure TimedOut(TimeSpan limit) => new("timeout", $"The run used its time of {limit}.", "Raise --timeout.");
}
