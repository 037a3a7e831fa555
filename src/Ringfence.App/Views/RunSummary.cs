using System.Globalization;
using Ringfence.App.Cli;
using Ringfence.Outputs;
using Ringfence.Runs;
using Ringfence.Workspaces;

namespace Ringfence.App.Views;

/// <summary>The end of a run, in a few lines: what became of it, what it changed and cost, and what to type next.</summary>
internal static class RunSummary
{
    /// <param name="story">Also where the whole story can be read.</param>
    /// <param name="failedCheck">The end of what the failed check printed.</param>
    public static void Write(Terminal terminal, Run run, ChangeSet? changes, bool nextSteps = true, bool story = true, IReadOnlyList<string>? failedCheck = null)
    {
        var (word, ansi) = run.Status switch
        {
            RunStatus.Completed => ("completed", Ansi.Green),
            RunStatus.Cancelled => ("cancelled", Ansi.Yellow),
            RunStatus.Failed => ($"failed: {run.Reason?.ToName().Replace('_', ' ')}", Ansi.Red),
            var going => (going.ToString().ToLowerInvariant(), Ansi.Yellow),
        };

        terminal.WriteLine();
        terminal.WriteLine($"{terminal.Paint($"Run {run.Id} {word}", ansi)}");

        if (run.Message is { } message)
        {
            terminal.WriteText($"  {Printable.EscapeLines(message)}");
        }

        foreach (var line in failedCheck ?? [])
        {
            terminal.WriteLine($"  {terminal.Paint("│", Ansi.Red)} {line}");
        }

        Files(terminal, changes);

        if (run.Request.Done.Count > 0 && run.Status is RunStatus.Completed)
        {
            terminal.WriteLine($"  checks   {run.Request.Done.Count} passed on exactly this tree, {run.Tree?[..10]}");
        }

        terminal.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"  cost     {run.Cost} of {run.Request.Limits.Cost}, {run.Turns} turns, {Duration.Show((run.EndedAt ?? run.CreatedAt) - run.CreatedAt)}"));

        if (nextSteps)
        {
            Next(terminal, run, changes, story);
        }
    }

    public static void Files(Terminal terminal, ChangeSet? changes)
    {
        if (changes is null || changes.IsEmpty)
        {
            terminal.WriteLine("  files    none changed");
            return;
        }

        terminal.WriteLine($"  files    {changes.Files.Count} changed, +{changes.LinesAdded} −{changes.LinesRemoved}");

        foreach (var file in changes.Files.Take(20))
        {
            var lines = file.LinesAdded < 0 ? "binary" : $"+{file.LinesAdded} −{file.LinesRemoved}";
            terminal.WriteLine($"           {file.Operation.ToString().ToLowerInvariant(),-8} {file.Path}  {terminal.Paint(lines, Ansi.Dim)}");
        }

        if (changes.Notes.Count > 0)
        {
            var left = changes.Notes.GroupBy(note => note.Reason).Where(group => group.Key is not PathNoteReason.GitData)
                .Select(group => $"{group.Sum(note => note.Files):N0} {Reason(group.Key)}").ToList();

            if (left.Count > 0)
            {
                terminal.WriteLine($"           {terminal.Paint($"left out: {string.Join(", ", left)}", Ansi.Dim)}");
            }
        }

        if (changes.Files.Count > 20)
        {
            terminal.WriteLine($"           … and {changes.Files.Count - 20} more: ringfence diff");
        }
    }

    private static string Reason(PathNoteReason reason) => reason switch
    {
        PathNoteReason.Ignored => "ignored by git",
        PathNoteReason.GitAlias => "named like git's own data",
        PathNoteReason.SpecialFile => "pipes, sockets or devices",
        PathNoteReason.SubmoduleContent => "inside submodules",
        PathNoteReason.TooLarge => "too large",
        PathNoteReason.PathTooLong => "with a path too long",
        PathNoteReason.SetIdRemoved => "kept without their set-id bit",
        _ => "of git's own",
    };

    private static void Next(Terminal terminal, Run run, ChangeSet? changes, bool story)
    {
        var steps = Steps(run, changes).ToList();

        if (story)
        {
            steps.Add(($"ringfence show {run.Id}", "what happened, command by command"));
        }

        if (steps.Count == 0)
        {
            return;
        }

        var column = steps.Max(step => step.Item1.Length) + 2;
        terminal.WriteLine();

        foreach (var (command, meaning) in steps)
        {
            // A command that was broken in two could not be copied: on a narrow screen its meaning goes first.
            terminal.WriteLine(terminal.OutputIsTerminal && 2 + column + meaning.Length > terminal.Width
                ? $"  {terminal.Paint($"# {meaning}", Ansi.Dim)}\n  {command}" : $"  {command.PadRight(column)}{terminal.Paint(meaning, Ansi.Dim)}");
        }
    }

    private static IEnumerable<(string, string)> Steps(Run run, ChangeSet? changes)
    {
        if (run.Published is { } place)
        {
            switch (run.Request.Output)
            {
                case OutputKind.Branch:
                    yield return ($"git diff HEAD...{place}", "what it changed");
                    yield return ($"git merge {place}", "take it");
                    break;

                case OutputKind.PullRequest:
                    yield return (place, "the pull request");
                    break;

                default:
                    yield return ($"git apply {place}", "take it");
                    break;
            }
        }
        else if (changes is { IsEmpty: false })
        {
            yield return ($"ringfence diff {run.Id}", "what it changed until then");
            yield return ($"ringfence apply {run.Id}", "take that into your working tree");
        }

        if (run.Status is not RunStatus.Completed && run.BaseCommit is not null)
        {
            yield return ($"ringfence resume {run.Id}{More(run.Reason)}", "go on from here");
        }
    }

    private static string More(FailReason? reason) => reason switch
    {
        FailReason.MaxCost => " --budget +2",
        FailReason.MaxTurns => " --turns +20",
        _ => "",
    };
}
