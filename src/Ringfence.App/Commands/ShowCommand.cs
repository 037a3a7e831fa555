using System.CommandLine;
using Ringfence.App.Cli;
using Ringfence.App.Views;
using Ringfence.Audit;

namespace Ringfence.App.Commands;

/// <summary><c>ringfence show RUN</c>: what a run was, did, cost and became.</summary>
internal static class ShowCommand
{
    public static Command Create(Terminal terminal)
    {
        var argument = CommandActions.RunArgument();
        var json = CommandActions.Json();
        var command = new Command("show", "Shows one run: ending, cost, commands, connections, files, checks.") { argument, json };

        command.WithRun(terminal, argument, async (parsed, home, run, cancellationToken) =>
        {
            var changes = (await ChangesOf.RunAsync(home, run, cancellationToken)).Succeeded(out var found) ? found.Changes : null;

            if (parsed.GetValue(json))
            {
                terminal.WriteJson(RunView.Of(run, changes), AppJson.Default.RunView);
                return ExitCodes.Done;
            }

            var events = await new AuditReader(home.Database).AllAsync(run.Id, cancellationToken);
            terminal.WriteLine($"{terminal.Paint(Printable.EscapeLines(run.Request.Prompt.Trim()), Ansi.Bold)}");
            terminal.WriteLine($"  from     {run.Request.Repository} at {run.BaseCommit?[..10] ?? "?"}, asked by {run.Request.RequestedBy}");

            if (run.Request.Continues is { } earlier)
            {
                terminal.WriteLine($"  goes on  from {earlier.Run}: {Printable.EscapeLines(earlier.Instruction.Trim())}");
            }

            RunSummary.Write(terminal, run, changes);
            new RunStory(terminal, events).Write();
            return ExitCodes.Done;
        });

        return command;
    }
}
