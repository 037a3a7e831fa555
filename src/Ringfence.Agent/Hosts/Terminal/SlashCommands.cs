using System.Globalization;
using System.Text;
using Ringfence.Agent.Context;
using Ringfence.Agent.Execution.Permissions;
using Ringfence.Agent.Iteration;
using Ringfence.Agent.Tools;

namespace Ringfence.Agent.Hosts.Terminal;

/// <summary>What a person can ask of the session itself. The model hears nothing of it.</summary>
internal static class SlashCommands
{
    public sealed record Command(string Name, string Argument, string Description)
    {
        /// <summary>Changes the conversation or the files under it, so that it has to wait until the work is done.</summary>
        public bool NeedsPeace => Name is "/compact" or "/clear" or "/resume" or "/undo";
    }

    public static readonly IReadOnlyList<Command> All =
    [
        new("/help", "", "commands and keys"),
        new("/context", "", "what fills the model's window"),
        new("/cost", "", "what the conversation cost, by model"),
        new("/compact", "[wish]", "shorten the conversation, keeping what you said word for word"),
        new("/model", "[name]", "show or change the model"),
        new("/mode", "[name]", "default, acceptEdits, plan, dontAsk"),
        new("/diff", "", "what the file tools changed in this conversation"),
        new("/undo", "", "take back the file changes of the last prompt"),
        new("/resume", "[number]", "list earlier conversations here, or go on with one"),
        new("/clear", "", "begin a new conversation"),
        new("/theme", "[name]", "colours: light or dark, with blue and orange, or the terminal's own"),
        new("/exit", "", "leave"),
    ];

    private static readonly (string Keys, string Meaning)[] Keys =
    [
        ("Enter", "send; while the agent works, it is sent when that is done"),
        ("Alt-Enter, Ctrl-J, \\ Enter", "begin a new line (Shift-Enter where the terminal can tell)"),
        ("Esc", "stop the work at once; what you wrote stays"),
        ("Ctrl-C", "stop the work, clear the line, and twice on an empty line: leave"),
        ("Shift-Tab", "change the mode: asks before changes, accepts edits, plans only"),
        ("↑ ↓, Ctrl-R", "earlier prompts; search them"),
        ("@, Tab", "name a file"),
        ("! COMMAND", "run a command yourself, as the agent would; the model hears of it with your next prompt"),
        ("Ctrl-G, Ctrl-X Ctrl-E", "write in your editor (VISUAL, EDITOR)"),
        ("Ctrl-O", "the last result in full"),
        ("Ctrl-L", "clear the screen and lay out the last words anew"),
        ("Ctrl-Z", "to the background; fg comes back"),
    ];

    /// <summary>What a command that only tells or sets something has to say; null when it is no such command.</summary>
    public static string? Answer(AgentSession session, string name, string rest, ToolLines lines, Paint paint, int width) => name switch
    {
        "/help" => Help(paint, width),
        "/context" => Context(session, paint, width),
        "/cost" => Cost(session, paint, width),
        "/model" => Model(session, rest),
        "/mode" => Mode(session, rest),
        "/diff" => Diff(session, lines, paint, width),
        "/undo" => Undo(session),
        _ => null,
    };

    private static string Help(Paint paint, int width)
    {
        var rows = All.Select(c => ($"{c.Name} {c.Argument}".TrimEnd(), c.Description)).Append(("", "")).Concat(Keys);

        return string.Join('\n', rows.SelectMany(r => r.Item1.Length == 0 ? [""]
            : StyledText.Wrap(r.Item2, width, $"  {paint.Bold(r.Item1)}{new string(' ', Math.Max(1, 27 - TextWidth.Of(r.Item1)))}", new string(' ', 29))));
    }

    private static string Context(AgentSession session, Paint paint, int width)
    {
        var (parts, total, window) = ContextUsage.Measure(session);
        var text = new StringBuilder();
        var room = Math.Clamp(width - 52, 8, 60);

        // A bar is a share of what is in use, or the small parts could not be told apart.
        var most = Math.Max(1, parts.Max(p => p.Tokens));

        foreach (var part in parts)
        {
            var bar = new string('█', (int)Math.Clamp((part.Tokens * room + most - 1) / most, 0, room));
            text.Append(CultureInfo.InvariantCulture, $"{part.Name,-34} {part.Tokens,9:N0}  {paint.Accent(bar)}\n");
        }

        return text.Append(CultureInfo.InvariantCulture, $"{paint.Bold($"{"In all",-34} {total,9:N0}")}  of {window:N0} tokens, {100.0 * total / window:0.#} %").ToString();
    }

    private static string Cost(AgentSession session, Paint paint, int width)
    {
        var spending = session.Spending;

        if (spending.ByModel.Count == 0)
        {
            return "Nothing has been spent yet." + (spending.LimitNanodollars is { } all ? $" The limit is {StatusLine.Dollars(all)}." : "");
        }

        var table = new List<string> { "| Model | In | From cache | To cache | Out | Cost |", "|---|--:|--:|--:|--:|--:|" };

        table.AddRange(spending.ByModel.Select(m => string.Create(CultureInfo.InvariantCulture,
            $"| {TextWidth.Safe(m.Model).Replace('|', ' ')} | {m.Usage.Input:N0} | {m.Usage.CacheRead:N0} | {m.Usage.CacheWrite + m.Usage.CacheWriteHour:N0} | {m.Usage.Output:N0} | {StatusLine.Dollars(m.Nanodollars)} |")));

        var left = spending.LimitNanodollars is { } limit ? $" of {StatusLine.Dollars(limit)}, {StatusLine.Dollars(limit - spending.SpentNanodollars)} left" : "";
        return $"{string.Join('\n', new MarkdownTable(new MarkdownInline(paint), paint).Render(table, width))}\n{paint.Bold($"Total {StatusLine.Dollars(spending.SpentNanodollars)}")}{left}";
    }

    private static string Model(AgentSession session, string name)
    {
        if (name.Length == 0)
        {
            return $"{session.Model}. /model NAME goes on with another of the same provider.";
        }

        if (session.Spending.LimitNanodollars is not null && !PriceTable.Of(name).IsKnown)
        {
            return $"No price is known for {name}, so that the budget could not be kept.";
        }

        session.Model = name;
        return $"Going on with {name}{(PriceTable.Of(name).IsKnown ? "" : ", whose price is not known")}.";
    }

    private static string Mode(AgentSession session, string name)
    {
        if (name.Length == 0)
        {
            return $"{ModeName.Of(session.Permissions.Mode)}. There are default, acceptEdits, plan and dontAsk; Shift-Tab goes through the first three.";
        }

        if (ModeName.Parse(name) is not { } mode || mode == PermissionMode.BypassPermissions)
        {
            return $"No such mode: {name}. There are default, acceptEdits, plan and dontAsk; bypassing needs --dangerously-skip-permissions at the start.";
        }

        session.Permissions.Mode = mode;
        return $"Mode: {ModeName.Of(mode)}";
    }

    private static string Diff(AgentSession session, ToolLines lines, Paint paint, int width)
    {
        var text = new StringBuilder();

        foreach (var (path, before, after) in session.Workplace.Journal.All)
        {
            var (old, now) = (before is null ? "" : TextFile.Decode(before)?.Text ?? "", TextFile.Decode(after)?.Text ?? "");

            // Taken back since, or changed there and back.
            if (before is not null && old == now)
            {
                continue;
            }

            var hunks = LineDiff.Hunks(old, now);
            var all = hunks.SelectMany(h => h.Array("lines") ?? []).Select(l => l?.ToString() ?? " ").ToArray();
            text.Append(paint.Bold(TextWidth.Safe(ToolLines.Place(path, session.Workplace.Root))) + (before is null ? " (new)" : "")
                + paint.Quiet($"  +{all.Count(l => l[0] == '+')} −{all.Count(l => l[0] == '-')}")).Append('\n');
            text.Append(lines.Diff(hunks, width, whole: true)).Append("\n\n");
        }

        return text.Length == 0 ? "The file tools have changed nothing. What commands changed, git diff shows: ! git diff" : text.ToString().TrimEnd('\n');
    }

    private static string Undo(AgentSession session)
    {
        var (undone, left) = session.Workplace.Journal.Undo();
        string Names(IEnumerable<string> paths) => string.Join(", ", paths.Select(p => Path.GetRelativePath(session.Workplace.Root, p)));

        return undone.Count + left.Count == 0 ? "There is nothing to take back."
            : (undone.Count > 0 ? $"Taken back: {Names(undone)}. " : "") + (left.Count > 0 ? $"Left alone, because changed since: {Names(left)}." : "");
    }
}
