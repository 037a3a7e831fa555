using System.CommandLine;
using Ringfence.App.Cli;
using Ringfence.App.Views;

namespace Ringfence.App.Commands;

/// <summary><c>ringfence logs RUN [-f]</c>: what the screen of a run showed, or shows.</summary>
internal static class LogsCommand
{
    public static Command Create(Terminal terminal)
    {
        var argument = CommandActions.RunArgument();
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on until the run has ended." };
        var all = new Option<bool>("--all", "-a") { Description = "Every event, not only those that a person follows." };
        var json = new Option<bool>("--json") { Description = "Every event as it was recorded, one JSON object per line." };
        var command = new Command(
            "logs",
            """
            Shows what happened in a run, in order.

            Examples:
              ringfence logs 01m7 --follow
              ringfence logs 01m7 --all --json
            """) { argument, follow, all, json };

        command.WithRun(terminal, argument, async (parsed, home, run, cancellationToken) =>
        {
            var lines = new LogLines(terminal, parsed.GetValue(json), parsed.GetValue(all));

            await foreach (var happened in home.Events.FollowAsync(run.Id, parsed.GetValue(follow), after: -1, CancellationToken.None, cancellationToken))
            {
                lines.Write(happened);
            }

            return ExitCodes.Done;
        });

        return command;
    }
}
