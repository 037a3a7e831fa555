namespace Ringfence.Audit;

/// <summary>One thing in which two runs differ; null where a side does not have it.</summary>
public sealed record Difference(string Name, string? Left, string? Right);

/// <param name="Step">Number of the step, from 1, counted alike on both sides up to here.</param>
/// <param name="LeftSeq">The event on the left; -1 when that run ended before.</param>
public sealed record Divergence(int Step, long LeftSeq, string? Left, long RightSeq, string? Right);

/// <summary>
/// Two runs side by side: the first step that differs, then what came of it. Steps are what an agent does and meets (requests, tool calls, checks), not
/// when, and without numbers that differ in every run.
/// </summary>
public sealed record RunComparison(Divergence? First, int CommonSteps, IReadOnlyList<Difference> Differences)
{
    public bool IsSame => First is null && Differences.Count == 0;

    public static RunComparison Of(IReadOnlyList<AuditEvent> left, IReadOnlyList<AuditEvent> right)
    {
        var (a, b) = (Steps(left), Steps(right));
        var common = a.Zip(b).TakeWhile(pair => pair.First.Text == pair.Second.Text).Count();
        var first = common == a.Count && common == b.Count
            ? null
            : new Divergence(
                common + 1, a.ElementAtOrDefault(common)?.Seq ?? -1, a.ElementAtOrDefault(common)?.Text, b.ElementAtOrDefault(common)?.Seq ?? -1,
                b.ElementAtOrDefault(common)?.Text);

        var (x, y) = (Outcome(left), Outcome(right));
        return new(
            first, common,
            [
                .. x.Keys.Union(y.Keys).Order(StringComparer.Ordinal)
                    .Select(name => new Difference(name, x.GetValueOrDefault(name), y.GetValueOrDefault(name)))
                    .Where(difference => difference.Left != difference.Right),
            ]);
    }

    private static List<Step> Steps(IReadOnlyList<AuditEvent> events) =>
        [.. events.Select(happened => (happened.Seq, Text: Text(happened.Fact))).Where(step => step.Text is not null).Select(step => new Step(step.Seq, step.Text!))];

    private static string? Text(AuditFact? fact) => fact switch
    {
        RunStarted started => $"agent {started.Agent} {started.AgentVersion}, attempt {started.Attempt}",
        ModelRequested request => $"request to {request.ModelUsed}",
        ModelResponded { StopReason: { } reason } => $"answer, stopped by {reason}",
        ModelReplayed replayed => $"answer from exchange {replayed.Exchange} of the cassette",
        ModelFailed failed => $"model error {failed.Status} {failed.Code}",
        ToolCalled call => $"tool {call.Tool} {call.Input}",
        ToolReturned { IsError: true } returned => $"tool {returned.Tool} failed: {returned.Summary}",
        NetworkConnection { Allowed: false } net => $"denied connection to {net.Host}:{net.Port}",
        VerificationFinished check => $"check {check.Command}: {(check.Passed ? "passed" : $"failed with {check.ExitCode}")}",
        _ => null,
    };

    private static Dictionary<string, string> Outcome(IReadOnlyList<AuditEvent> events)
    {
        var facts = events.Select(happened => happened.Fact).ToList();
        var outcome = new Dictionary<string, string>(StringComparer.Ordinal);

        foreach (var changed in facts.OfType<FileChanged>())
        {
            outcome[$"file {changed.Path}"] = changed.AfterOid ?? "deleted";
        }

        foreach (var command in facts.OfType<CommandStarted>().GroupBy(command => string.Join(' ', command.Arguments)))
        {
            outcome[$"command {command.Key}"] = $"×{command.Count()}";
        }

        foreach (var host in facts.OfType<NetworkConnection>().GroupBy(net => (net.Host, net.Allowed)))
        {
            outcome[$"host {host.Key.Host} ({(host.Key.Allowed ? "allowed" : "denied")})"] = $"×{host.Count()}";
        }

        foreach (var check in facts.OfType<VerificationFinished>())
        {
            outcome[$"check {check.Command}"] = check.Passed ? "passed" : $"failed with {check.ExitCode}";
            outcome["tree"] = check.Tree;
        }

        var answers = facts.OfType<ModelResponded>().ToList();
        outcome["tokens in"] = Number(answers.Sum(answer => answer.InputTokens + answer.CacheReadTokens));
        outcome["tokens out"] = Number(answers.Sum(answer => answer.OutputTokens));
        outcome["cost"] = new Money(answers.Sum(answer => answer.CostNanodollars)).ToString();

        if (facts.OfType<RunEnded>().LastOrDefault() is { } end)
        {
            outcome["ending"] = end.Reason is null ? end.Status : $"{end.Status} ({end.Reason})";
        }

        return outcome;
    }

    private static string Number(long value) => value.ToString("N0", System.Globalization.CultureInfo.InvariantCulture);

    private sealed record Step(long Seq, string Text);
}
