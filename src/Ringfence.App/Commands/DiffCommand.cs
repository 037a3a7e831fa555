using System.CommandLine;
using Ringfence.App.Cli;
using Ringfence.App.Views;
using Ringfence.Workspaces;

namespace Ringfence.App.Commands;

/// <summary><c>ringfence diff RUN</c>: a run's change set, after any ending.</summary>
internal static class DiffCommand
{
    public static Command Create(Terminal terminal)
    {
        var argument = CommandActions.RunArgument();
        var summary = new Option<bool>("--stat") { Description = "One line per file." };
        var json = CommandActions.Json();
        var other = new Argument<string?>("other") { Description = "Another run: shows where the two part ways, and in what they differ.", HelpName = "RUN", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command(
            "diff",
            """
            Shows what a run changed. In a pipe, exact bytes that `git apply` takes.

            Examples:
              ringfence diff 01m7
              ringfence diff 01m7 | git apply
              ringfence diff 01m7 01m8           where two runs part ways
            """) { argument, other, summary, json };

        command.WithRun(terminal, argument, async (parsed, home, run, cancellationToken) =>
        {
            if (parsed.GetValue(other) is { } second)
            {
                return await RunComparisonView.CompareAsync(terminal, home, run, second, parsed.GetValue(json), cancellationToken);
            }

            if (!(await ChangesOf.RunAsync(home, run, cancellationToken)).Succeeded(out var found, out var why))
            {
                terminal.WriteFailures(why);
                return ExitCodes.BadInput;
            }

            if (parsed.GetValue(json))
            {
                terminal.WriteJson(RunView.Of(run, found.Changes), AppJson.Default.RunView);
                return ExitCodes.Done;
            }

            var format = parsed.GetValue(summary) ? DiffFormat.Summary
                : terminal.ColorOutput ? DiffFormat.Color
                : terminal.OutputIsTerminal ? DiffFormat.Text
                : DiffFormat.Patch;

            await terminal.Output.FlushAsync(cancellationToken);
            await using var output = Console.OpenStandardOutput();

            if (!(await found.Workspace.WriteDiffAsync(found.Changes, output, format, cancellationToken)).Succeeded(out _, out why))
            {
                terminal.WriteFailures(why);
                return ExitCodes.Environment;
            }

            return ExitCodes.Done;
        });

        return command;
    }
}
