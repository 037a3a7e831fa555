using System.CommandLine;
using Ringfence.App.Cli;

namespace Ringfence.App.Commands;

/// <summary><c>ringfence cancel RUN</c>: a row that the run's supervisor reads within half a second; a run that waits ends at once.</summary>
internal static class CancelCommand
{
    public static Command Create(Terminal terminal)
    {
        var argument = CommandActions.RunArgument();
        var json = CommandActions.Json();
        var command = new Command(
            "cancel",
            """
            Cancels a run, wherever it is running. What it changed so far is kept.

            Examples:
              ringfence cancel 01m7
            """) { argument, json };

        command.WithRun(terminal, argument, async (parsed, home, run, cancellationToken) =>
        {
            if (!await home.Supervisor.CancelAsync(run, Home.User, cancellationToken))
            {
                terminal.WriteFailures([new Failure("run_already_ended", $"Run {run.Id} has already ended, or was already told to.", $"ringfence show {run.Id}")]);
                return ExitCodes.BadInput;
            }

            Write(terminal, run.Id.Value, parsed.GetValue(json));
            return ExitCodes.Done;
        });

        return command;
    }

    public static void Write(Terminal terminal, string run, bool json)
    {
        if (json)
        {
            terminal.WriteLine($$"""{"id":"{{run}}","cancel_requested":true}""");
        }
        else
        {
            terminal.WriteLine($"Run {run} is told to end. Follow it with: ringfence logs {run} -f");
        }
    }
}
