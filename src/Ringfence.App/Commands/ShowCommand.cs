using System.CommandLine;
using Ringfence.App.Cli;
using Ringfence.App.Views;
using Ringfence.Audit;
using Ringfence.Runs;
using Ringfence.Workspaces;

namespace Ringfence.App.Commands;

/// <summary><c>ringfence show RUN</c>: what a run was, did, cost and became.</summary>
internal static class ShowCommand
{
    public static Command Create(Terminal terminal)
    {
        var argument = CommandActions.RunArgument();
        var json = CommandActions.Json();
        var turn = new Option<int?>("--turn") { Description = "Open one turn: its call, context, tools with their content, commands.", HelpName = "N" };
        var command = new Command(
            "show",
            """
            Shows one run: ending, turns, cost, commands, connections, files, checks.

            Examples:
              ringfence show 01m7
              ringfence show 01m7 --turn 3
            """) { argument, turn, json };

        command.WithRun(terminal, argument, async (parsed, home, run, cancellationToken) =>
        {
            if (parsed.GetValue(turn) is { } number)
            {
                return await TurnAsync(terminal, home, run, number, parsed.GetValue(json), cancellationToken);
            }

            var changes = (await ChangesOf.RunAsync(home, run, cancellationToken)).Succeeded(out var found) ? found.Changes : null;

            if (parsed.GetValue(json))
            {
                terminal.WriteJson(RunView.Of(run, changes), AppJson.Default.RunView);
                return ExitCodes.Done;
            }

            var events = await new AuditReader(home.Database).AllAsync(run.Id, cancellationToken);
            Write(terminal, run, changes, events, await FailedCheck.EndAsync(new AuditReader(home.Database), run, cancellationToken));
            return ExitCodes.Done;
        });

        return command;
    }

    /// <summary>With <c>--json</c>: the turn's events as they were recorded.</summary>
    private static async Task<int> TurnAsync(Terminal terminal, Home home, Run run, int number, bool json, CancellationToken cancellationToken)
    {
        var reader = new AuditReader(home.Database);
        var turns = RunTurn.Of(await reader.AllAsync(run.Id, cancellationToken));

        if (turns.FirstOrDefault(turn => turn.Number == number) is not { } asked)
        {
            terminal.WriteFailures([new Failure(
                "no_such_turn", turns.Count == 0 ? $"Run {run.Id} has no turn: it asked no model." : $"Run {run.Id} has no turn {number}.",
                turns.Count == 0 ? null : $"Turns are numbered from 1 to {turns.Count}.")]);
            return ExitCodes.BadInput;
        }

        if (json)
        {
            foreach (var happened in asked.Events)
            {
                terminal.WriteLine(happened.Json);
            }

            return ExitCodes.Done;
        }

        await new TurnView(terminal, reader, run.Id, turns).WriteAsync(asked, cancellationToken);
        return ExitCodes.Done;
    }

    public static void Write(Terminal terminal, Run run, ChangeSet? changes, IReadOnlyList<AuditEvent> events, IReadOnlyList<string>? failedCheck = null)
    {
        foreach (var line in Printable.EscapeLines(run.Request.Prompt.Trim()).Split('\n'))
        {
            terminal.WriteText(line);
        }

        terminal.WriteLine($"  from     {run.Request.Repository} at {run.BaseCommit?[..10] ?? "?"}, asked by {run.Request.RequestedBy}");

        if (run.Request.Continues is { } earlier)
        {
            terminal.WriteLine($"  goes on  from {earlier.Run}: {Printable.EscapeLines(earlier.Instruction.Trim())}");
        }

        RunSummary.Write(terminal, run, changes, story: false, failedCheck: failedCheck);
        new RunStory(terminal, events).Write();
    }
}
