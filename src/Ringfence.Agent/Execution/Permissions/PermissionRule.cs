using Ringfence.Agent.Tools;

namespace Ringfence.Agent.Execution.Permissions;

/// <summary><c>Tool</c> or <c>Tool(specifier)</c>, in Claude Code's grammar.</summary>
internal sealed record PermissionRule(string Tool, string? Specifier, string Text)
{
    /// <summary>Where it was given: <c>settings</c>, <c>cliArg</c>, <c>flagSettings</c>, or <c>session</c> for what somebody allowed along the way.</summary>
    public string Source { get; init; } = "session";

    // Wrappers run what follows them: a rule that forbids a command forbids it behind them, too.
    private static readonly HashSet<string> Wrappers = new(StringComparer.Ordinal) { "timeout", "nohup", "nice", "env", "command", "sudo", "exec", "xargs", "stdbuf", "builtin" };

    public static bool TryParse(string text, out PermissionRule rule, out string error)
    {
        text = text.Trim();
        var open = text.IndexOf('(', StringComparison.Ordinal);
        var name = open < 0 ? text : text[..open];
        error = "";
        rule = new PermissionRule(name, null, text);

        if (name.Length == 0 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.' or ':' or '*'))
        {
            error = $"'{text}' does not begin with the name of a tool";
        }
        else if (!char.IsAsciiLetterUpper(name[0]) && !name.StartsWith("mcp__", StringComparison.Ordinal) && name != "*")
        {
            error = $"'{name}' is not a tool: tools begin with a capital letter or with mcp__";
        }
        else if (open >= 0 && !text.EndsWith(')'))
        {
            error = $"'{text}' lacks its closing parenthesis";
        }
        else if (open >= 0)
        {
            var specifier = text[(open + 1)..^1].Trim();
            rule = new PermissionRule(name, specifier is "" or "*" ? null : specifier, text);
        }

        return error.Length == 0;
    }

    /// <summary>Rules are given separated by commas or blanks, but never within parentheses.</summary>
    public static IEnumerable<string> Split(string list)
    {
        var (depth, start) = (0, 0);

        for (var i = 0; i <= list.Length; i++)
        {
            if (i == list.Length || (depth == 0 && list[i] is ',' or ' ' or '\n' or '\t'))
            {
                if (depth == 0 || i == list.Length)
                {
                    if (i > start && list[start..i].Trim() is { Length: > 0 } rule)
                    {
                        yield return rule;
                    }

                    start = i + 1;
                }
            }
            else
            {
                depth += list[i] == '(' ? 1 : list[i] == ')' ? -1 : 0;
            }
        }
    }

    /// <summary>True when the rule speaks of this tool at all.</summary>
    public bool Covers(string tool, ToolKind kind) => Tool == tool || Tool == "*"
        || (Tool == "Edit" && kind == ToolKind.Edit)
        || (Tool == "Read" && kind == ToolKind.Read)
        || (Tool == "Agent" && tool == "Task") || (Tool == "Task" && tool == "Agent")
        || (Tool.StartsWith("mcp__", StringComparison.Ordinal)
            && (Tool.EndsWith('*') ? tool.StartsWith(Tool[..^1], StringComparison.Ordinal) : tool.StartsWith(Tool + "__", StringComparison.Ordinal)));

    /// <summary>One simple command of a command line.</summary>
    /// <param name="strict">Looks behind wrappers and assignments as well: right for forbidding, wrong for allowing.</param>
    public bool MatchesCommand(string part, bool strict)
    {
        if (Specifier is null)
        {
            return true;
        }

        if (Matches(part))
        {
            return true;
        }

        if (!strict)
        {
            return false;
        }

        for (var rest = part; rest.Length > 0;)
        {
            var word = ShellCommand.FirstWord(rest);
            var plain = Path.GetFileName(word.Replace("\\", "", StringComparison.Ordinal).Replace("'", "", StringComparison.Ordinal).Replace("\"", "", StringComparison.Ordinal));

            if (Matches(plain + rest[word.Length..]))
            {
                return true;
            }

            if (!Wrappers.Contains(plain) && !(word.Contains('=') && !word.StartsWith('-')) && !word.StartsWith('-') && !char.IsAsciiDigit(word[0]))
            {
                return false;
            }

            rest = rest[word.Length..].TrimStart();
        }

        return false;
    }

    /// <param name="path">Absolute, symbolic links followed.</param>
    /// <param name="root">What relative patterns are relative to.</param>
    public bool MatchesPath(string path, string root, string home)
    {
        if (Specifier is null)
        {
            return true;
        }

        var pattern = Specifier switch
        {
            ['/', '/', ..] => Specifier[1..],
            ['~', '/', ..] => home + Specifier[1..],
            ['/', ..] => root + Specifier,
            ['.', '/', ..] => root + Specifier[1..],
            _ => root + "/" + (Specifier.Contains('/') ? Specifier : "**/" + Specifier),
        };

        return new GlobPattern(pattern).Matches(path) || new GlobPattern(pattern.TrimEnd('/') + "/**").Matches(path);
    }

    public bool MatchesHost(string url) => Specifier is null
        || (Specifier.StartsWith("domain:", StringComparison.Ordinal) && Uri.TryCreate(url, UriKind.Absolute, out var address)
            && (address.Host.Equals(Specifier[7..], StringComparison.OrdinalIgnoreCase)
                || (Specifier[7..].StartsWith("*.", StringComparison.Ordinal) && address.Host.EndsWith(Specifier[8..], StringComparison.OrdinalIgnoreCase))));

    private bool Matches(string command)
    {
        var pattern = Specifier!;

        if (pattern.EndsWith(":*", StringComparison.Ordinal))
        {
            var prefix = pattern[..^2];
            return command == prefix || command.StartsWith(prefix + " ", StringComparison.Ordinal);
        }

        if (!pattern.Contains('*'))
        {
            return command == pattern;
        }

        // `git *` means git with or without arguments, but not gitk.
        return (pattern.EndsWith(" *", StringComparison.Ordinal) && !pattern[..^2].Contains('*') && command == pattern[..^2]) || Wildcard(pattern, command);
    }

    private static bool Wildcard(ReadOnlySpan<char> pattern, ReadOnlySpan<char> text)
    {
        var (p, n, star, mark) = (0, 0, -1, 0);

        while (n < text.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                (star, mark) = (p++, n);
            }
            else if (p < pattern.Length && pattern[p] == text[n])
            {
                p++;
                n++;
            }
            else if (star >= 0)
            {
                (p, n) = (star + 1, ++mark);
            }
            else
            {
                return false;
            }
        }

        return pattern[p..].IndexOfAnyExcept('*') < 0;
    }
}
