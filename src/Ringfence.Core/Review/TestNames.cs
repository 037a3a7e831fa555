using System.Text.RegularExpressions;

namespace Ringfence.Review;

/// <summary>
/// Which tests a text declares, in the usual frameworks: a method behind an attribute or annotation, <c>def test_…</c>, <c>func Test…</c>,
/// <c>it("…")</c>. Read line by line: an agent writes the text, and a pattern over all of it could be made to run for ever.
/// </summary>
internal static partial class TestNames
{
    /// <summary>So many lines of further attributes may stand between the one that makes a test and its method.</summary>
    private const int MaxLinesBetween = 20;

    public static HashSet<string> In(string? text)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var waiting = 0;

        foreach (var line in (text ?? "").Split('\n'))
        {
            var (declaration, isTest) = WithoutMarkers(line);
            waiting = isTest ? MaxLinesBetween : waiting - 1;

            if (waiting > 0 && MethodIn(declaration) is { } method)
            {
                names.Add(method);
                waiting = 0;
            }

            if (ByName().Match(declaration) is { Success: true } declared)
            {
                names.Add(declared.Groups["name"].Value);
            }
        }

        // A call may have its name on the next line.
        foreach (Match call in Call().Matches(text ?? ""))
        {
            names.Add(call.Groups["name"].Value);
        }

        return names;
    }

    // "[Fact, Trait("a]", "b")] [Slow] public void Works()" without what stands before the method, and whether that made it a test.
    private static (string Declaration, bool IsTest) WithoutMarkers(string line)
    {
        var isTest = false;
        var at = 0;

        while (true)
        {
            at = AfterSpace(line, at);
            var end = at < line.Length && line[at] == '@' ? AfterAnnotation(line, at)
                : line.AsSpan(at).StartsWith("#[") ? AfterBrackets(line, at + 1)
                : at < line.Length && line[at] == '[' ? AfterBrackets(line, at)
                : at;

            if (end == at)
            {
                return (line[at..], isTest);
            }

            isTest |= Marker().IsMatch(line[at..end]);
            at = end;
        }
    }

    private static int AfterSpace(string line, int at)
    {
        while (at < line.Length && char.IsWhiteSpace(line[at]))
        {
            at++;
        }

        return at;
    }

    private static int AfterAnnotation(string line, int at)
    {
        for (at++; at < line.Length && (char.IsLetterOrDigit(line[at]) || line[at] is '.' or '_' or ':');)
        {
            at++;
        }

        return at < line.Length && line[at] == '(' ? AfterBrackets(line, at) : at;
    }

    // Behind the bracket that closes this one; the end of the line when none does. Brackets in quotes do not count.
    private static int AfterBrackets(string line, int at)
    {
        var depth = 0;
        var quote = '\0';

        for (; at < line.Length; at++)
        {
            var c = line[at];

            if (quote != '\0')
            {
                at += c == '\\' ? 1 : 0;
                quote = c == quote ? '\0' : quote;
            }
            else if (c is '"' or '\'')
            {
                quote = c;
            }
            else if (c is '[' or '(')
            {
                depth++;
            }
            else if (c is ']' or ')' && --depth == 0)
            {
                return at + 1;
            }
        }

        return line.Length;
    }

    // The name before the first parenthesis: "async Task Works<T>(", "fun `works well`(", "fn works(".
    private static string? MethodIn(string declaration)
    {
        var open = declaration.IndexOf('(', StringComparison.Ordinal);
        var before = open < 0 ? "" : declaration[..open].TrimEnd();

        if (before.EndsWith('`'))
        {
            return before[(before[..^1].LastIndexOf('`') + 1)..^1];
        }

        before = before.EndsWith('>') ? before[..Math.Max(0, before.LastIndexOf('<'))] : before;
        var from = before.Length;

        while (from > 0 && (char.IsLetterOrDigit(before[from - 1]) || before[from - 1] == '_'))
        {
            from--;
        }

        return from > 0 && from < before.Length && before[from - 1] is ' ' or '\t' ? before[from..] : null;
    }

    [GeneratedRegex(@"^(?:#?\[|@)(?:[\w.:]{1,80}[.:])?(?:Fact|Theory|Test|TestCase|TestMethod|DataTestMethod|Property|ParameterizedTest|RepeatedTest|test)\b|^\[[^""\]]{0,200}\b(?:Fact|Theory|Test|TestMethod)\b")]
    private static partial Regex Marker();

    [GeneratedRegex(@"^(?:async[ \t]+)?def[ \t]+(?<name>test\w*)[ \t]*\(|^func[ \t]+(?<name>(?:Test|Fuzz)\w+)[ \t]*\(")]
    private static partial Regex ByName();

    [GeneratedRegex(@"\b(?:it|test|specify)(?:\.(?:skip|only|todo|each\([^)]{0,300}\)))?\(\s{0,100}['""`](?<name>[^'""`\n]{1,300})['""`]")]
    private static partial Regex Call();
}
