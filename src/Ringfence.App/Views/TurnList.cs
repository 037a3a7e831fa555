using System.Globalization;
using Ringfence.Agents;
using Ringfence.App.Cli;
using Ringfence.Audit;

namespace Ringfence.App.Views;

/// <summary>The path of a run, turn by turn: what was asked, said, done, read, changed, lost and paid.</summary>
internal sealed class TurnList(Terminal terminal, IReadOnlyList<RunTurn> turns)
{
    private const int MostTurns = 100;

    // An agent's word about an answer may reach us when the next turn has begun.
    private readonly ILookup<string, ToolReturned> answers = turns.SelectMany(turn => turn.Facts<ToolReturned>()).ToLookup(answer => answer.CallId);

    public void Write()
    {
        foreach (var turn in turns.Take(MostTurns))
        {
            Head(turn);
            Context(turn);

            foreach (var happened in turn.Events)
            {
                Step(turn, happened);
            }
        }

        if (turns.Count > MostTurns)
        {
            terminal.WriteLine($"  … and {turns.Count - MostTurns} more turns: --turn N");
        }
    }

    /// <summary>Tokens of an answer, as everywhere: what was paid in full, what came from the cache, what came out.</summary>
    public static string Tokens(ModelResponded answer) => string.Create(
        CultureInfo.InvariantCulture,
        $"{Count(answer.InputTokens + answer.CacheWrite5mTokens + answer.CacheWrite1hTokens)} in, {Count(answer.CacheReadTokens)} cached, {Count(answer.OutputTokens)} out");

    public static string Bytes(long bytes) => bytes < 10_000
        ? string.Create(CultureInfo.InvariantCulture, $"{bytes:N0} bytes")
        : bytes < 10_000_000 ? string.Create(CultureInfo.InvariantCulture, $"{bytes / 1000:N0} kB") : string.Create(CultureInfo.InvariantCulture, $"{bytes / 1_000_000:N0} MB");

    private static string Count(long tokens) => tokens < 10_000
        ? tokens.ToString(CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{tokens / 1000.0:0.0}k");

    private void Head(RunTurn turn)
    {
        var answer = turn.Response;
        var facts = answer is null ? "no answer" : $"{Tokens(answer)}, {turn.Cost}, {Duration.Show(turn.Time)}{(answer.Complete ? "" : ", cut")}";
        terminal.WriteLine($"  {terminal.Paint($"{turn.Number,3}", Ansi.Bold)}  {turn.Request.ModelUsed}  {terminal.Paint(facts, Ansi.Dim)}");
    }

    private void Context(RunTurn turn)
    {
        var segments = turn.Facts<ContextComposed>().Where(composed => composed.Call == turn.Request.Call).SelectMany(composed => composed.Segments).ToList();

        if (segments.Count > 0)
        {
            var kinds = segments.GroupBy(segment => segment.Kind).Select(kind => $"{Kind(kind.Key, kind.Count())} {Bytes(kind.Sum(segment => segment.Bytes))}");
            Line("context", Ansi.Dim, "new: " + string.Join(", ", kinds));
        }
    }

    private static string Kind(string kind, int count) => count == 1 ? kind.Replace('_', ' ') : $"{count} {kind.Replace('_', ' ').TrimEnd('s')}s";

    private void Step(RunTurn turn, AuditEvent happened)
    {
        switch (happened.Fact)
        {
            case ContextChanged lost:
                Line("lost", Ansi.Yellow, Lost(lost));
                break;
            case ModelRequested side when !ReferenceEquals(happened, turn.Events[0]):
                Line(happened.Turn > 0 ? "again" : "aside", Ansi.Dim, happened.Turn > 0 ? $"the request was repeated ({side.ModelUsed})" : $"a side call to {side.ModelUsed}");
                break;
            case ModelFailed failed:
                Line("model", Ansi.Yellow, $"{failed.Status} {failed.Code}: {failed.Message}");
                break;
            case AgentSaid { Kind: "text" } said:
                Line("said", Ansi.Dim, said.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).FirstOrDefault() ?? "");
                break;
            case AgentSaid { Kind: "retry" or "error" or "permission_denied" } said:
                Line("agent", Ansi.Yellow, $"{said.Kind.Replace('_', ' ')}: {said.Text}");
                break;
            case ToolCalled call:
                Tool(call);
                break;
            case FileRead read:
                Line("read", Ansi.Dim, read.Path);
                break;
            case FileChanged changed:
                Line("changed", Ansi.Green, $"{changed.Path}  {(changed.LinesAdded < 0 ? "binary" : $"+{changed.LinesAdded} −{changed.LinesRemoved}")}");
                break;
            case NetworkConnection net:
                Line(net.Allowed ? "reached" : "denied", net.Allowed ? Ansi.Dim : Ansi.Red, $"{net.Host}:{net.Port} {(net.Allowed ? $"by {net.Rule}" : net.Reason.Replace('_', ' '))}");
                break;
            case SecretLeakBlocked leak:
                Line("blocked", Ansi.Red, $"secret {leak.Name} in {leak.Where}");
                break;
            case BudgetClamped clamped:
                Line("budget", Ansi.Yellow, $"answer shortened to fit: {clamped.MaxTokensBefore:N0} → {clamped.MaxTokensAfter:N0} tokens");
                break;
            case BudgetDenied denied:
                Line("budget", Ansi.Red, $"refused: needs {new Money(denied.NeededNanodollars)}, left {new Money(denied.AvailableNanodollars)} of {denied.Scope}");
                break;
        }
    }

    public static string Lost(ContextChanged lost) =>
        $"{lost.Kind.Replace('_', ' ')}: {lost.DroppedDigests.Count} parts dropped, {lost.TokensBefore:N0} → {lost.TokensAfter:N0} tokens{(lost.PinsPresent ? "" : ", pinned text gone")}";

    private void Tool(ToolCalled call)
    {
        var answer = answers[call.CallId].FirstOrDefault();
        var room = Math.Max(20, terminal.Width - 18);
        var asked = ToolSummary.Call(call.Input, room);
        var back = answer is null ? "no answer" : Printable.EscapeLines(answer.Summary).Split('\n')[0];

        // Both on one line where they fit; else what came back stands below.
        if (asked.Length + back.Length + 3 <= room)
        {
            Written(call.Tool, Ansi.Bold, $"{asked} {terminal.Paint($"→ {back}", answer?.IsError == true ? Ansi.Red : Ansi.Dim)}");
            return;
        }

        Written(call.Tool, Ansi.Bold, asked);
        Written("", Ansi.Dim, terminal.Paint($"→ {(back.Length <= room - 2 ? back : back[..(room - 3)] + "…")}", answer?.IsError == true ? Ansi.Red : Ansi.Dim));
    }

    private void Line(string word, string ansi, string text)
    {
        var room = Math.Max(20, terminal.Width - 18);
        var shown = Printable.EscapeLines(text).ReplaceLineEndings(" ⏎ ");
        Written(word, ansi, shown.Length <= room ? shown : shown[..(room - 1)] + "…");
    }

    private void Written(string word, string ansi, string text) => terminal.WriteLine($"       {terminal.Paint($"{word,-9}", ansi)} {text}");
}
