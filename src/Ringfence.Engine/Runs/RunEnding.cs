using System.Data.Common;
using Ringfence.Audit;

namespace Ringfence.Runs;

/// <summary>The one ending of a run: what it changed is kept first, then the ending is written.</summary>
internal static class RunEnding
{
    /// <summary>The time that an ended run has for keeping its change set.</summary>
    private static readonly TimeSpan SalvageTime = TimeSpan.FromMinutes(2);

    public static RunOutcome Taken { get; } = new RunOutcome.Failed(FailReason.Interrupted, new Failure(
        "run_taken", "Another process has taken the run over: this one did not hold its lease any more."));

    public static Failure Unrecordable(Exception exception) => new(
        "record_unavailable", $"The record could not be written, so the run was stopped: {exception.Message}", "Is the disk full?");

    /// <summary>Keeps the change set of a run that ended before the pipeline could.</summary>
    public static async Task<RunOutcome> SalvageAsync(ActiveRun run, RunOutcome outcome)
    {
        if (outcome is RunOutcome.Completed || run.Workspace is null)
        {
            return outcome;
        }

        // Once the agent is gone and its changes are known, they stay what they are.
        var changes = outcome.Changes ?? (run.Run.Status is RunStatus.Verifying or RunStatus.Reviewing or RunStatus.Publishing ? run.Changes : null);

        if (changes is null)
        {
            // Not the run's own token: that one is cancelled, and this work must be done all the same.
            using var patience = new CancellationTokenSource(SalvageTime);

            try
            {
                if ((await run.Workspace.CollectAsync(patience.Token)).Succeeded(out changes))
                {
                    run.Keep(changes);
                }
            }
            catch (Exception failed) when (failed is IOException or OperationCanceledException or UnauthorizedAccessException or DbException or RecordUnavailableException)
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
    public static async Task<RunOutcome> TryWriteAsync(ActiveRun run, RunOutcome outcome, TimeSpan took)
    {
        try
        {
            return await WriteAsync(run, outcome, took);
        }
        catch (Exception exception) when (exception is RecordUnavailableException or DbException)
        {
            return new RunOutcome.Failed(FailReason.Environment, Unrecordable(exception), outcome.Changes);
        }
        catch (RunTakenException)
        {
            return Taken;
        }
    }

    public static async Task<RunOutcome> WriteAsync(ActiveRun run, RunOutcome outcome, TimeSpan took)
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
            (outcome as RunOutcome.Failed)?.Failure.Hint, CancellationToken.None);

        return outcome;
    }
}
