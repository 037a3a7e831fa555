using Ringfence.Agents;
using Ringfence.App.Cli;
using Ringfence.Audit;

namespace Ringfence.App.Views;

/// <summary>
/// Turns the events of one run, in order, into the lines that a person follows: the same for a run on the screen, for one read from the store,
/// and for one in another terminal. Events that only matter to a query give no line.
/// </summary>
internal sealed class EventPrinter(bool color, int width)
{
    private readonly Dictionary<string, ToolCalled> pending = [];

    /// <summary>The line, or null when the event has none.</summary>
    public string? Print(AuditEvent happened) => happened.Fact switch
    {
        RunStateChanged state => Stage(state.To),
        RunStarted started => Detail(
            $"{started.Agent} {started.AgentVersion}, attempt {started.Attempt} · at most {new Money(started.CostLimitNanodollars)}, {started.TurnLimit} turns, "
            + Duration.Show(TimeSpan.FromMilliseconds(started.TimeLimitMilliseconds))),
        WorkspacePrepared { Notices.Count: > 0 } workspace => string.Join('\n', workspace.Notices.Select(notice => Line(Ansi.Yellow, "note", notice))),
        SetupPrepared { Reused: true } setup => Detail($"set-up from {Duration.Show(TimeSpan.FromSeconds(setup.AgeSeconds))} ago, layer {setup.Layer}: {setup.Command}"),
        SetupPrepared setup => Line(Ansi.Green, "set up", $"{setup.Command}  ({Duration.Show(TimeSpan.FromMicroseconds(setup.DurationMicroseconds))}, kept as layer {setup.Layer})"
            + (setup.LeftOut == 0 ? "" : $"; {setup.LeftOut} files that git does not ignore were left out")),
        SetupFailed setup => Line(Ansi.Red, "failed", $"{setup.Command}  ({setup.Stopped ?? $"exit code {setup.ExitCode}"})"),
        AgentConfigurationReplaced { Paths.Count: > 0 } replaced => Detail(
            $"agent configuration {(replaced.Source == "hidden" ? "hidden" : $"from {replaced.Source[..10]}")}: {string.Join(", ", replaced.Paths)}"),
        AgentSaid { Kind: "text" } said => Said(said.Text),
        AgentSaid { Kind: "retry" or "error" or "permission_denied" } said => Line(Ansi.Yellow, "agent", $"{said.Kind.Replace('_', ' ')}: {said.Text}"),
        ToolCalled call => Remember(call),
        ToolReturned returned => Tool(returned),
        NetworkConnection { Allowed: false } net => Line(
            Ansi.Red, "blocked", $"{net.Host}:{net.Port} ({net.Reason.Replace('_', ' ')})"),
        SecretLeakBlocked leak => Line(Ansi.Red, "blocked", $"secret {leak.Name} in {leak.Where}"),
        BudgetClamped clamped => Line(Ansi.Yellow, "budget", $"answer shortened to fit: {clamped.MaxTokensBefore:N0} → {clamped.MaxTokensAfter:N0} tokens"),
        BudgetDenied denied => Line(Ansi.Red, "budget", $"call refused: needs {new Money(denied.NeededNanodollars)}, left {new Money(denied.AvailableNanodollars)} of {denied.Scope}"),
        BudgetThreshold threshold => Line(Ansi.Yellow, "budget", $"{threshold.Percent} % of {new Money(threshold.LimitNanodollars)} used"),
        BudgetFrozen frozen => Line(Ansi.Red, "budget", $"frozen: {frozen.Scope} cost more than its bound"),
        ModelFailed failed => Line(Ansi.Yellow, "model", $"{failed.Status} {failed.Code}: {failed.Message}"),
        VerificationFinished { Passed: true } check => Line(
            Ansi.Green, "passed", $"{check.Command}  ({Duration.Show(TimeSpan.FromMicroseconds(check.DurationMicroseconds))}, tree {check.Tree[..10]})"),
        VerificationFinished check => Line(Ansi.Red, "failed", $"{check.Command}  ({check.Stopped ?? $"exit code {check.ExitCode}"}, tree {check.Tree[..10]})"),
        GateFinding finding => Line(finding.Severity == "block" ? Ansi.Red : Ansi.Yellow, "finding", $"{finding.Gate.Replace('_', ' ')} at {finding.Place}: {finding.Evidence}"),
        GateWaived waived => Line(Ansi.Yellow, "waived", $"{waived.Gate.Replace('_', ' ')} at {waived.Place} by {waived.By}: {waived.Reason}"),
        ApprovalRequested asked => Line(Ansi.Yellow, "asks", $"{asked.Kind}, digest {asked.Digest[..12]}"),
        ApprovalDecided decided => Line(decided.Decision == "approved" ? Ansi.Green : Ansi.Red, decided.Decision, $"{decided.Kind} by {decided.By} ({decided.AuthenticatedBy}) {decided.Comment}"),
        ApprovalVoided voided => Line(Ansi.Red, "voided", $"{voided.Kind}: {voided.Reason}"),
        ApprovalExpired expired => Line(Ansi.Red, "expired", $"{expired.Kind}: nobody answered in time"),
        BranchCreated branch => Line(Ansi.Green, "branch", branch.Branch),
        ArtifactProduced artifact => Line(Ansi.Green, "file", artifact.Name),
        RunSalvaged salvaged => Line(Ansi.Yellow, "kept", $"{salvaged.Files} changed {(salvaged.Files == 1 ? "file" : "files")}"),
        SandboxEnded { Ending: "limit" } ended => Line(Ansi.Red, "limit", ended.Detail),
        _ => null,
    };

    private string? Stage(string to) => to is "completed" or "failed" or "cancelled" ? null : Terminal.Paint($"● {to}", Ansi.Bold, color);

    private string? Remember(ToolCalled call)
    {
        pending[call.CallId] = call;
        return null;
    }

    private string Tool(ToolReturned returned)
    {
        var call = pending.Remove(returned.CallId, out var called) ? ToolSummary.Call(called.Input, Math.Max(20, width / 2)) : "";
        var used = 12 + call.Length + 3;
        var result = Fit(Printable.EscapeLines(returned.Summary), Math.Max(16, width - used));
        return $"  {returned.Tool,-9} {call} {Terminal.Paint($"→ {result}", returned.IsError ? Ansi.Red : Ansi.Dim, color)}";
    }

    private string? Said(string text)
    {
        var line = text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).FirstOrDefault();
        return line is null ? null : Detail(Fit(Printable.EscapeLines(line), width - 4));
    }

    private string Detail(string text) => $"  {Terminal.Paint(text, Ansi.Dim, color)}";

    private string Line(string ansi, string word, string text) =>
        $"  {Terminal.Paint($"{word,-9}", ansi, color)} {Fit(Printable.EscapeLines(text), Math.Max(20, width - 13))}";

    private static string Fit(string text, int columns) => text.Length <= columns ? text : text[..(columns - 1)] + "…";
}
