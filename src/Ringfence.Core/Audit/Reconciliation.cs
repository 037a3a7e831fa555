using System.Text.Json;
using System.Text.RegularExpressions;

namespace Ringfence.Audit;

/// <summary>Where what the agent said and what the boundary saw do not meet.</summary>
/// <param name="Code">
/// <c>unexplained_command</c>, <c>unexplained_change</c>, <c>unexplained_connection</c>, <c>unobserved_tool</c>, <c>unobserved_claim</c>. Never renamed.
/// </param>
/// <param name="Seqs">The events it is about; at most a few of many.</param>
public sealed record ReconciliationFinding(string Code, string Message, IReadOnlyList<long> Seqs);

/// <summary>
/// Compares reports with observations. Pure: it reads a run's events and nothing else. Without any report there is nothing to compare, and it says
/// nothing.
/// </summary>
public static partial class Reconciliation
{
    private const int MostSeqs = 10;

    // A shorter word is in every text, and would explain everything.
    private const int ShortestWord = 3;

    public static IReadOnlyList<ReconciliationFinding> Of(IReadOnlyList<AuditEvent> events)
    {
        var facts = events.Select(happened => (happened.Seq, happened.Fact)).ToList();
        var tools = facts.Where(f => f.Fact is ToolCalled).Select(f => (f.Seq, Call: (ToolCalled)f.Fact!)).ToList();

        if (tools.Count == 0)
        {
            return [];
        }

        var said = string.Join('\n', tools.Select(tool => Texts(tool.Call.Input)));
        var commands = facts.Where(f => f.Fact is CommandStarted).Select(f => (f.Seq, Start: (CommandStarted)f.Fact!)).ToList();
        var explained = Explained(commands, said);

        return
        [
            .. Commands(commands, explained),
            .. Changes(facts, said, commands.Count > 0 && explained.Count > 0),
            .. Connections(facts, said),
            .. Tools(tools, commands),
            .. Claims(facts),
        ];
    }

    /// <summary>Commands that a tool call names, and everything they started.</summary>
    private static HashSet<(string, long)> Explained(IReadOnlyList<(long Seq, CommandStarted Start)> commands, string said)
    {
        var explained = new HashSet<(string, long)>();

        foreach (var (_, start) in commands)
        {
            if (explained.Contains((start.Sandbox, start.Parent)) || Names(said, start))
            {
                explained.Add((start.Sandbox, start.Command));
            }
        }

        return explained;
    }

    // A shell gets the text of the tool call as one argument; another program is named with its arguments.
    private static bool Names(string said, CommandStarted start) =>
        start.Arguments.Any(argument => argument.Length > 8 && said.Contains(argument, StringComparison.Ordinal))
        || (string.Join(' ', start.Arguments) is { Length: >= ShortestWord } line && said.Contains(line, StringComparison.Ordinal));

    private static IEnumerable<ReconciliationFinding> Commands(
        IReadOnlyList<(long Seq, CommandStarted Start)> commands, HashSet<(string, long)> explained)
    {
        // The first command of a sandbox is the agent itself; what it starts for itself is found once per program.
        var agents = commands.GroupBy(c => c.Start.Sandbox).Select(sandbox => (sandbox.Key, sandbox.First().Start.Command)).ToHashSet();
        var checks = commands.Where(c => c.Start.Sandbox.StartsWith("check", StringComparison.Ordinal)).Select(c => c.Start.Sandbox).ToHashSet();

        return commands
            .Where(c => !checks.Contains(c.Start.Sandbox) && !agents.Contains((c.Start.Sandbox, c.Start.Command)) && !explained.Contains((c.Start.Sandbox, c.Start.Command)))
            .GroupBy(c => c.Start.Executable)
            .Select(group => new ReconciliationFinding(
                "unexplained_command", $"{Printable.Escape(group.Key)} ran {Times(group.Count())}, and no tool call that the agent reported names it.",
                [.. group.Select(c => c.Seq).Take(MostSeqs)]));
    }

    private static IEnumerable<ReconciliationFinding> Changes(
        IReadOnlyList<(long Seq, AuditFact? Fact)> facts, string said, bool commandsRan)
    {
        // A command may change anything: only without one is a change that no call names a finding.
        var silent = facts
            .Where(f => f.Fact is FileChanged { By: null } changed && !said.Contains(changed.Path[(changed.Path.LastIndexOf('/') + 1)..], StringComparison.Ordinal))
            .ToList();

        return silent.Count == 0 || commandsRan
            ? []
            : [new("unexplained_change", $"{silent.Count} changed files are named by no tool call, and no command that one named ran.", [.. silent.Select(f => f.Seq).Take(MostSeqs)])];
    }

    private static IEnumerable<ReconciliationFinding> Connections(IReadOnlyList<(long Seq, AuditFact? Fact)> facts, string said) =>
        facts.Where(f => f.Fact is NetworkConnection { Allowed: false } net && !said.Contains(net.Host, StringComparison.OrdinalIgnoreCase))
            .GroupBy(f => ((NetworkConnection)f.Fact!).Host)
            .Select(group => new ReconciliationFinding(
                "unexplained_connection", $"{Printable.Escape(group.Key)} was tried {Times(group.Count())} and denied; no tool call names it.",
                [.. group.Select(f => f.Seq).Take(MostSeqs)]));

    private static IEnumerable<ReconciliationFinding> Tools(
        IReadOnlyList<(long Seq, ToolCalled Call)> tools, IReadOnlyList<(long Seq, CommandStarted Start)> commands)
    {
        // Without any observation the monitor was not there, which the run's isolation says already.
        if (commands.Count == 0)
        {
            yield break;
        }

        foreach (var (seq, call) in tools)
        {
            if (CommandOf(call.Input) is { } text && !commands.Any(c => c.Start.ArgumentsTruncated || c.Start.Arguments.Any(a => a.Contains(text, StringComparison.Ordinal))
                || string.Join(' ', c.Start.Arguments).Contains(text, StringComparison.Ordinal)))
            {
                yield return new("unobserved_tool", $"The agent reported that it ran '{Printable.Escape(Cut(text))}'; no such command was seen.", [seq]);
            }
        }
    }

    private static IEnumerable<ReconciliationFinding> Claims(IReadOnlyList<(long Seq, AuditFact? Fact)> facts)
    {
        var runners = facts.Select(f => f.Fact).OfType<CommandStarted>().Where(start => TestRunner().IsMatch(string.Join(' ', start.Arguments)))
            .Select(start => (start.Sandbox, start.Command)).ToHashSet();
        var passed = facts.Select(f => f.Fact).OfType<CommandFinished>()
            .Any(end => runners.Contains((end.Sandbox, end.Command)) && (!end.Known || end is { ExitCode: 0, Signal: 0 }));

        if (passed || facts.FirstOrDefault(f => f.Fact is AgentSaid { Kind: "text" or "result" } said && TestsPass().IsMatch(said.Text)) is not { Fact: { } claim } found)
        {
            yield break;
        }

        yield return new(
            "unobserved_claim",
            $"The agent says that tests pass (\"{Printable.Escape(TestsPass().Match(((AgentSaid)claim).Text).Value)}\"); "
            + (runners.Count == 0 ? "no test runner was seen." : "no test runner that was seen ended well."),
            [found.Seq]);
    }

    /// <summary>The strings of a tool's input, unescaped, so that they compare with what was seen.</summary>
    private static string Texts(string input)
    {
        try
        {
            using var document = JsonDocument.Parse(input);
            return string.Join('\n', Strings(document.RootElement));
        }
        catch (JsonException)
        {
            return input;
        }
    }

    private static IEnumerable<string> Strings(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => [element.GetString()!],
        JsonValueKind.Object => element.EnumerateObject().SelectMany(property => Strings(property.Value)).ToList(),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(Strings).ToList(),
        _ => [],
    };

    private static string? CommandOf(string input)
    {
        try
        {
            using var document = JsonDocument.Parse(input);
            return document.RootElement.ValueKind == JsonValueKind.Object
                && (document.RootElement.TryGetProperty("command", out var command) || document.RootElement.TryGetProperty("cmd", out command))
                && command.ValueKind == JsonValueKind.String
                    ? command.GetString()
                    : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string Times(int count) => count == 1 ? "once" : $"{count} times";

    private static string Cut(string text) => text.Length <= 80 ? text : text[..80] + "…";

    [GeneratedRegex(@"\b(all\s+)?(\d+\s+)?tests?\s+(now\s+|all\s+)?(pass(ed|es|ing)?|succeed(ed)?|(are|is)\s+(now\s+)?(green|passing))\b", RegexOptions.IgnoreCase)]
    private static partial Regex TestsPass();

    [GeneratedRegex(@"(^|[\s/])(run[-_]?)?tests?\.\w+\b|\b(pytest|unittest|tox|nox|jest|vitest|mocha|ava|rspec|phpunit|ctest|gotestsum|nextest|surefire)\b|\b(npm|pnpm|yarn|bun|dotnet|cargo|go|make|mvn|gradle|gradlew|bazel|swift|mix|rake|deno|node|sbt)\b.{0,400}\b(test|check|verify)\b")]
    private static partial Regex TestRunner();
}
