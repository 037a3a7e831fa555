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

        var command = new Command(
            "runs",
            """
            Lists runs, newest first.

            Examples:
              ringfence runs --limit 5
              ringfence runs --json | jq '.[0].id'
            """) { json, limit };
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

        if (runs.Count > 0 && terminal.OutputIsTerminal)
        {
            terminal.Error.WriteLine("What happened in one: ringfence show RUN");
        }
    }

    private static string Line(Terminal terminal, Run run)
    {
        var status = run.Reason is { } reason ? $"failed: {reason.ToName().Replace('_', ' ')}" : run.Status.ToString().ToLowerInvariant();
        var ansi = run.Status switch { RunStatus.Completed => Ansi.Green, RunStatus.Failed => Ansi.Red, RunStatus.Cancelled => Ansi.Yellow, _ => Ansi.Cyan };
        var spent = $"{run.Cost,9}";
        var head = $"{run.Id}  {run.CreatedAt.ToLocalTime():MM-dd HH:mm}  {terminal.Paint($"{status,-27}", ansi)} {spent}  ";
        var room = Math.Max(10, terminal.Width - (run.Id.ToString().Length + 2 + 11 + 2 + Math.Max(27, status.Length) + 1 + spent.Length + 2));
        var name = run.Request.Workflow is { Length: > 0 } workflow ? $"{workflow}: " : "";
        var prompt = name + Printable.EscapeLines(run.Request.Prompt.ReplaceLineEndings(" ").Trim());
        return head + (prompt.Length <= room ? prompt : prompt[..(room - 1)] + "…");
    }
}
