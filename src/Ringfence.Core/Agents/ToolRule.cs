using System.Text.RegularExpressions;

namespace Ringfence.Agents;

/// <summary>
/// One rule over an agent's tools, in the grammar that people know from Claude Code: <c>Tool</c> or <c>Tool(what)</c>, such as <c>WebFetch</c>,
/// <c>Bash(git push:*)</c>, <c>Edit(src/legacy/**)</c>, <c>Read(secrets/**)</c>, <c>WebFetch(domain:example.com)</c>, <c>mcp__server__tool</c>.
/// </summary>
/// <param name="What">What stands in the parentheses; null for every use of the tool.</param>
public sealed partial record ToolRule(string Tool, string? What)
{
    private const string Domain = "domain:";

    /// <summary>Tools that change files; a path that is denied to one is denied to all of them.</summary>
    private static readonly string[] Editing = ["Edit", "Write", "MultiEdit", "NotebookEdit"];

    /// <summary>Null when the text is no rule.</summary>
    public static ToolRule? TryParse(string text) =>
        Form().Match(text.Trim()) is { Success: true } match ? new(match.Groups[1].Value, match.Groups[3].Success ? match.Groups[3].Value : null) : null;

    /// <summary>The command line that is denied, as words; null for other tools.</summary>
    public string? Command => Tool is "Bash" ? What : null;

    /// <summary>The words that a denied command line begins with; null for other rules, and for those that name a whole line or a part of a word.</summary>
    public IReadOnlyList<string>? CommandPrefix =>
        Command is not null && Words(Command) is { IsPrefix: true, Words: { Length: > 0 } words } && !words.Any(word => word.Contains('*', StringComparison.Ordinal)) ? words : null;

    /// <summary>Globs that may not be changed; null for other rules.</summary>
    public string? Unchangeable => Editing.Contains(Tool) ? What ?? "**" : null;

    /// <summary>Globs that are not shown; null for other rules.</summary>
    public string? Unreadable => Tool is "Read" ? What : null;

    /// <summary>The host that is out of reach; null for other rules.</summary>
    public string? Unreachable => Tool is "WebFetch" && What is not null && What.StartsWith(Domain, StringComparison.Ordinal) ? What[Domain.Length..] : null;

    /// <summary>
    /// Who sees to it outside of the agent, in plain words; null when the agent's own promise is all there is.
    /// </summary>
    public string? Boundary =>
        Command is not null ? "the sandbox sees every program that starts, and a change is kept back when this one did"
        : Unchangeable is not null ? "a change of such a path does not leave"
        : Unreadable is not null ? "the sandbox does not show such a path"
        : Unreachable is not null ? "the network door refuses the host"
        : null;

    /// <summary>Whether a program that was started is what <see cref="Command"/> denies. Options before the first word, as in <c>git -C x push</c>, do not hide it.</summary>
    /// <param name="executable">Path of the file that ran.</param>
    public bool Denies(string executable, IReadOnlyList<string> arguments)
    {
        if (Command is not { } command)
        {
            return false;
        }

        var (words, isPrefix) = Words(command);
        var names = new[] { executable, arguments.Count > 0 ? arguments[0] : "" }.Select(path => path[(path.LastIndexOf('/') + 1)..]).ToList();

        if (words.Length == 0 || !names.Exists(name => Like(words[0], name)))
        {
            return false;
        }

        foreach (var rest in (IReadOnlyList<string>[])[[.. arguments.Skip(1)], WithoutOptions(arguments)])
        {
            if (rest.Count >= words.Length - 1 && (isPrefix || rest.Count == words.Length - 1) && words.Skip(1).Select((word, i) => Like(word, rest[i])).All(same => same))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether a call that the agent tells of is what the rule denies.</summary>
    /// <param name="tool">The tool by the name that rules have for it.</param>
    /// <param name="command">The command line of a shell call; null for others.</param>
    public bool DeniesCall(string tool, string? command) => tool == Tool
        && (What is null || (command is not null && Command is not null && Separators().Split(command).Any(part => DeniesLine(part.Trim()))));

    public override string ToString() => What is null ? Tool : $"{Tool}({What})";

    private bool DeniesLine(string line)
    {
        var parts = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return parts.Length > 0 && Denies(parts[0], parts);
    }

    private static (string[] Words, bool IsPrefix) Words(string command)
    {
        var isPrefix = command.EndsWith(":*", StringComparison.Ordinal) || command.EndsWith('*');
        var text = command.EndsWith(":*", StringComparison.Ordinal) ? command[..^2] : command.EndsWith(" *", StringComparison.Ordinal) ? command[..^2] : command;
        return (text.Split(' ', StringSplitOptions.RemoveEmptyEntries), isPrefix);
    }

    private static List<string> WithoutOptions(IReadOnlyList<string> arguments)
    {
        var at = 1;

        while (at < arguments.Count && arguments[at].StartsWith('-'))
        {
            at += arguments[at] is "-C" or "-c" ? 2 : 1;
        }

        return [.. arguments.Skip(at)];
    }

    private static bool Like(string word, string actual) =>
        word.Contains('*', StringComparison.Ordinal)
            ? Regex.IsMatch(actual, $@"\A{Regex.Escape(word).Replace(@"\*", ".*", StringComparison.Ordinal)}\z", RegexOptions.NonBacktracking | RegexOptions.Singleline)
            : word == actual;

    [GeneratedRegex(@"^([A-Za-z][A-Za-z0-9_-]*)(\((.+)\))?$", RegexOptions.Singleline)]
    private static partial Regex Form();

    [GeneratedRegex(@"&&|\|\||[;|&\n]")]
    private static partial Regex Separators();
}

/// <summary>What an agent's tools may do. A rule that denies stands above one that allows.</summary>
/// <param name="Allow">Names of the only tools that the agent gets; empty leaves it all of its own.</param>
/// <param name="Deny">Rules as they were written.</param>
public sealed record ToolRules(IReadOnlyList<string> Allow, IReadOnlyList<string> Deny)
{
    public static ToolRules None { get; } = new([], []);

    /// <summary>The denials, read.</summary>
    public IEnumerable<ToolRule> Denials() => Deny.Select(ToolRule.TryParse).OfType<ToolRule>();

    /// <summary>The rule that denies this call; null when none does.</summary>
    public string? WhyNot(string tool, string? command) =>
        Denials().FirstOrDefault(rule => rule.DeniesCall(tool, command))?.ToString()
        ?? (Allow.Count > 0 && !Allow.Contains(tool) ? $"not in tools.allow: {string.Join(", ", Allow)}" : null);
}
