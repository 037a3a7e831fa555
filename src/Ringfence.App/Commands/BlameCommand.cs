using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Ringfence.App.Cli;
using Ringfence.Audit;

namespace Ringfence.App.Commands;

/// <summary><c>ringfence blame FILE[:LINE[-LINE]]</c>: which run wrote this line, by which command or tool, on whose word.</summary>
internal static partial class BlameCommand
{
    private static readonly JsonSerializerOptions Options = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static Command Create(Terminal terminal)
    {
        var place = new Argument<string>("place") { Description = "A file of the repository here, with a line or a range.", HelpName = "FILE[:LINE[-LINE]]" };
        var repo = new Option<string?>("--repo") { Description = "The repository. Default: this folder. With --server: a path there.", HelpName = "PATH" };
        var json = CommandActions.Json();
        var command = new Command(
            "blame",
            """
            Tells where lines come from: commit, run, command or tool, model call, approvals.

            Examples:
              ringfence blame src/Login.cs
              ringfence blame src/Login.cs:40-60
            """) { place, repo, json };

        command.WithHome(terminal, async (parsed, home, cancellationToken) =>
        {
            var (file, lines) = Read(parsed.GetRequiredValue(place));
            var blamed = await new Blame(home.Database).OfAsync(parsed.GetValue(repo) ?? Environment.CurrentDirectory, file, lines, cancellationToken);

            if (!blamed.Succeeded(out var groups, out var why))
            {
                terminal.WriteFailures(why);
                return ExitCodes.BadInput;
            }

            Write(terminal, groups, parsed.GetValue(json));
            return ExitCodes.Done;
        });

        return command;
    }

    public static void Write(Terminal terminal, IReadOnlyList<BlamedLines> groups, bool json)
    {
        foreach (var group in groups)
        {
            if (json)
            {
                terminal.WriteLine(JsonSerializer.Serialize(group, Options));
            }
            else
            {
                Write(terminal, group);
            }
        }
    }

    /// <summary>A file whose name ends like a range is taken for the file when it is there.</summary>
    public static (string File, (int First, int Last)? Lines) Read(string text)
    {
        if (File.Exists(text) || Range().Match(text) is not { Success: true } match)
        {
            return (text, null);
        }

        var first = int.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture);
        return (match.Groups[1].Value, (first, match.Groups[3].Success ? int.Parse(match.Groups[3].Value, CultureInfo.InvariantCulture) : first));
    }

    private static void Write(Terminal terminal, BlamedLines group)
    {
        var where = group.First == group.Last ? $"{group.First}" : $"{group.First}-{group.Last}";

        if (group.Commit.All(c => c == '0'))
        {
            terminal.WriteLine($"{where,9}  not committed");
            return;
        }

        var head = $"{where,9}  {group.Commit[..10]} {Printable.Escape(group.Subject)}";

        if (group.Runs.Count == 0)
        {
            terminal.WriteLine($"{head}  {terminal.Paint($"by {Printable.Escape(group.Author)}, not by a run", Ansi.Dim)}");
            return;
        }

        terminal.WriteLine(head);

        foreach (var run in group.Runs)
        {
            terminal.WriteLine($"{"",11}run {terminal.Paint(run.Run.Value, Ansi.Bold)}{(run.FoundBy == "trailer" ? ", named by the commit's message" : "")}"
                + $"{(run.ChangesThisPath ? "" : ", which did not change this file")}");
            Line(terminal, "asked by", run.RequestedBy, run.Workflow is null ? null : $"workflow {run.Workflow}");
            Line(terminal, "agent", run.Agent, run.PromptDigest is null ? null : $"prompt {run.PromptDigest[..12]}");
            Line(terminal, "made by", run.By, run.BySeq < 0 ? null : $"event {run.BySeq}, {run.Attribution}");
            Line(terminal, "model", run.ModelCall, null);
            Array.ForEach([.. run.Approvals], approval => Line(terminal, "approval", approval, null));
            Array.ForEach([.. run.Checks], check => Line(terminal, "check", check, null));
        }
    }

    private static void Line(Terminal terminal, string name, string? value, string? more)
    {
        if (value is not null)
        {
            terminal.WriteLine($"{"",11}  {terminal.Paint($"{name,-9}", Ansi.Dim)} {Printable.Escape(value)}{(more is null ? "" : $"  ({more})")}");
        }
    }

    [GeneratedRegex(@"^(.+):(\d{1,9})(?:-(\d{1,9}))?$")]
    private static partial Regex Range();
}
