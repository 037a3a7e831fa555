using System.CommandLine;
using Ringfence.App.Cli;
using Ringfence.App.Views;
using Ringfence.Runs;

namespace Ringfence.App.Commands;

/// <summary><c>ringfence runs</c>: the newest runs.</summary>
internal static class RunsCommand
{
    public static Command Create(Terminal terminal)
    {
        var json = CommandActions.Json();
        var limit = new Option<int>("--limit", "-n") { Description = "How many, newest first.", DefaultValueFactory = _ => 20 };
        limit.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 1 or > 10_000)
            {
                result.AddError("--limit is a whole number from 1 to 10000.");
            }
        });

        var command = new Command("runs", "Lists runs, newest first.") { json, limit };
        command.WithHome(terminal, async (parsed, home, cancellationToken) =>
        {
            var runs = await home.Runs.ListAsync(parsed.GetValue(limit), cancellationToken);

            Write(terminal, runs, parsed.GetValue(json));
            return ExitCodes.Done;
        });

        return command;
    }

    public static void Write(Terminal terminal, IReadOnlyList<Run> runs, bool json)
    {
        if (json)
        {
            terminal.WriteJson([.. runs.Select(run => RunView.Of(run))], AppJson.Default.IReadOnlyListRunView);
            return;
        }

        if (runs.Count == 0)
        {
            terminal.WriteLine("No runs yet. Try: ringfence demo");
        }

        foreach (var run in runs)
        {
            terminal.WriteLine(Line(terminal, run));
        }
    }

    private static string Line(Terminal terminal, Run run)
    {
        var status = run.Reason is { } reason ? $"failed: {reason.ToName().Replace('_', ' ')}" : run.Status.ToString().ToLowerInvariant();
        var ansi = run.Status switch { RunStatus.Completed => Ansi.Green, RunStatus.Failed => Ansi.Red, RunStatus.Cancelled => Ansi.Yellow, _ => Ansi.Cyan };
        var head = $"{run.Id}  {run.CreatedAt.ToLocalTime():yyyy-MM-dd HH:mm}  {terminal.Paint($"{status,-28}", ansi)} {run.Cost,9}  ";
        var room = Math.Max(20, terminal.Width - 16 - 2 - 16 - 2 - 28 - 1 - 9 - 2);
        var prompt = Printable.EscapeLines(run.Request.Prompt.ReplaceLineEndings(" ").Trim());
        return head + (prompt.Length <= room ? prompt : prompt[..(room - 1)] + "…");
    }
}
