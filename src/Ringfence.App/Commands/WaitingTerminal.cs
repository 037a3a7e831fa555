using Ringfence.App.Cli;
using Ringfence.Runs;
using Ringfence.Secrets;

namespace Ringfence.App.Commands;

/// <summary>
/// A terminal whose run waits for people: it says what to do, and goes on with the run when they have answered. It holds nothing meanwhile; when it is
/// closed, a server on the same store goes on instead.
/// </summary>
internal sealed class WaitingTerminal(Terminal terminal, Home home, RunHost host, RunOutput output)
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(300);

    public async Task<(Run Run, RunOutcome Outcome)> FollowAsync(Run run, RunOutcome outcome, CancellationToken cancellationToken)
    {
        while (outcome is RunOutcome.Waiting waiting)
        {
            if (output is not RunOutput.Json)
            {
                terminal.Error.WriteLine($"Run {run.Id} waits for somebody else to see its {waiting.Kind.ToString().ToLowerInvariant()}: ringfence approve {run.Id}");
            }

            await RunCommand.TellAsync(home);

            try
            {
                run = await AnsweredAsync(run.Id, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                terminal.Error.WriteLine($"Left waiting. Once it is answered, `ringfence serve` goes on with it; to end it: ringfence cancel {run.Id}");
                return (run, outcome);
            }

            if (RunTransitions.HasEnded(run.Status))
            {
                return (run, Ending(run));
            }

            run = await home.Approvals.ApplyAsync(run, cancellationToken);
            var pipeline = await host.PrepareAsync(run.Request, Environment.CurrentDirectory, cancellationToken);
            using var stages = pipeline.Succeeded(out var ready) ? ready : null;
            var active = await home.Supervisor.OpenAsync(run, stages?.Redactor ?? SecretRedactor.None, cancellationToken);
            (run, outcome) = await RunCommand.AttendAsync(terminal, home, active, pipeline, output, cancellationToken);
        }

        return (run, outcome);
    }

    /// <summary>The run, ended or claimed by this process.</summary>
    private async Task<Run> AnsweredAsync(RunId id, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Look);

        do
        {
            await home.Approvals.SweepAsync(cancellationToken);

            if (await home.Runs.ClaimAsync(id, cancellationToken) is { } claimed)
            {
                return claimed;
            }

            if ((await home.Runs.FindAsync(id.Value, cancellationToken)).Succeeded(out var run) && RunTransitions.HasEnded(run.Status))
            {
                return run;
            }
        }
        while (await timer.WaitForNextTickAsync(cancellationToken));

        throw new OperationCanceledException();
    }

    private static RunOutcome Ending(Run run) => run.Status switch
    {
        RunStatus.Completed => new RunOutcome.Completed(null, run.Published),
        RunStatus.Cancelled => new RunOutcome.Cancelled(run.CancelRequestedBy ?? ""),
        _ => new RunOutcome.Failed(run.Reason ?? FailReason.Internal, new Failure((run.Reason ?? FailReason.Internal).ToName(), run.Message ?? "")),
    };
}
