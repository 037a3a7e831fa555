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
    private const string Help =
        """
        /help              this
        /context           what fills the model's window
        /cost              what the session cost, by model
        /compact [wish]    shorten the conversation, keeping what you said word for word
        /model [name]      show or change the model
        /mode [name]       default, acceptEdits, plan, dontAsk
        /diff              what the file tools changed in this session
        /undo              take back the file changes of the last prompt
        /resume [number]   list earlier conversations here, or go on with one
        /clear             begin a new conversation
        /exit              leave (also Ctrl-D)

        Enter sends, Alt-Enter or Ctrl-J begins a new line, Esc or Ctrl-C stops the work, Shift-Tab changes the mode, ↑ brings back earlier prompts.
        What you type while the agent works is sent when it is done.
        """;

    /// <summary>What a command that only tells or sets something has to say; null when it is no such command.</summary>
    public static string? Answer(AgentSession session, string name, string rest, ToolLines lines, Paint paint, int width) => name switch
    {
        "/help" => Help,
        "/context" => Context(session, paint),
        "/cost" => Cost(session),
        "/model" => Model(session, rest),
        "/mode" => Mode(session, rest),
        "/diff" => Diff(session, lines, width),
        "/undo" => Undo(session),
        _ => null,
    };

    private static string Context(AgentSession session, Paint paint)
    {
        var (parts, total, window) = ContextUsage.Measure(session);
        var text = new StringBuilder();

        foreach (var part in parts)
        {
            var bar = new string('█', (int)Math.Clamp(part.Tokens * 40 / window, 0, 40));
            text.Append(CultureInfo.InvariantCulture, $"{part.Name,-36} {part.Tokens,8:N0}  {paint.Blue(bar)}\n");
        }

        return text.Append(CultureInfo.InvariantCulture, $"{"Window",-36} {total,8:N0} of {window:N0} tokens ({100.0 * total / window:0.#} %)").ToString();
    }

    private static string Cost(AgentSession session)
    {
        var text = new StringBuilder();

        foreach (var (model, usage, cost) in session.Spending.ByModel)
        {
            text.Append(CultureInfo.InvariantCulture,
                $"{model}: {usage.Input:N0} in, {usage.CacheRead:N0} from cache, {usage.CacheWrite + usage.CacheWriteHour:N0} to cache, {usage.Output:N0} out: {Dollars(cost)}\n");
        }

        var left = session.Spending.LimitNanodollars is { } limit ? $", {Dollars(limit - session.Spending.SpentNanodollars)} left" : "";
        return text.Append($"Total {Dollars(session.Spending.SpentNanodollars)}{left}").ToString();
    }

    public static string Dollars(long nanodollars) => string.Create(CultureInfo.InvariantCulture, $"${nanodollars / 1_000_000_000m:0.00##}");

    private static string Model(AgentSession session, string name)
    {
        if (name.Length == 0)
        {
            return session.Model;
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
            return ModeName.Of(session.Permissions.Mode);
        }

        if (ModeName.Parse(name) is not { } mode || mode == PermissionMode.BypassPermissions)
        {
            return $"No such mode: {name}. There are default, acceptEdits, plan and dontAsk; bypassing needs --dangerously-skip-permissions at the start.";
        }

        session.Permissions.Mode = mode;
        return $"Mode: {ModeName.Of(mode)}";
    }

    private static string Diff(AgentSession session, ToolLines lines, int width)
    {
        var text = new StringBuilder();

        foreach (var (path, before, after) in session.Workplace.Journal.All)
        {
            var old = before is null ? "" : TextFile.Decode(before)?.Text ?? "";
            text.Append(Path.GetRelativePath(session.Workplace.Root, path)).Append(before is null ? " (new)" : "").Append('\n');
            text.Append(lines.Diff(LineDiff.Hunks(old, TextFile.Decode(after)?.Text ?? ""), width)).Append('\n');
        }

        return text.Length == 0 ? "The file tools have changed nothing yet." : text.ToString().TrimEnd('\n');
    }

    private static string Undo(AgentSession session)
    {
        var (undone, left) = session.Workplace.Journal.Undo();
        string Names(IEnumerable<string> paths) => string.Join(", ", paths.Select(p => Path.GetRelativePath(session.Workplace.Root, p)));

        return undone.Count + left.Count == 0 ? "There is nothing to take back."
            : (undone.Count > 0 ? $"Taken back: {Names(undone)}. " : "") + (left.Count > 0 ? $"Left alone, because changed since: {Names(left)}." : "");
    }
}
