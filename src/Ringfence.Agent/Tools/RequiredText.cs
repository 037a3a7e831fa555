using System.Text;

namespace Ringfence.Agent.Tools;

/// <summary>The longest text that every match of a regular expression contains, as far as that can be seen without understanding all of it.</summary>
internal static class RequiredText
{
    /// <summary>Empty when nothing is certain.</summary>
    public static string Of(string pattern)
    {
        // Alternatives and groups may be left out or repeated; quantifiers of what is within them say nothing about the rest.
        if (pattern.AsSpan().ContainsAny("|()"))
        {
            return "";
        }

        var (best, run) = ("", new StringBuilder());

        for (var i = 0; i < pattern.Length; i++)
        {
            var literal = Literal(pattern, ref i);
            var optional = i + 1 < pattern.Length && pattern[i + 1] is '*' or '?' or '{';

            if (literal is { } c && !optional)
            {
                run.Append(c);
            }

            if (literal is null || optional || (i + 1 < pattern.Length && pattern[i + 1] == '+'))
            {
                best = run.Length > best.Length ? run.ToString() : best;
                run.Clear();
            }
        }

        return run.Length > best.Length ? run.ToString() : best;
    }

    /// <summary>The character that must stand here, or null; <paramref name="i"/> is then at the end of what stands there instead.</summary>
    private static char? Literal(string pattern, ref int i)
    {
        switch (pattern[i])
        {
            case '\\' when i + 1 < pattern.Length && !char.IsLetterOrDigit(pattern[i + 1]):
                return pattern[++i];

            // \x41, \u0041, \cA, \p{L}, \1, \k<name>: what follows belongs to it, and how much of it is not looked into.
            case '\\':
                i = i + 1 < pattern.Length && pattern[i + 1] is 'w' or 'W' or 's' or 'S' or 'd' or 'D' or 'b' or 'B' or 'n' or 'r' or 't' ? i + 1 : pattern.Length;
                return null;

            case '[':
                var end = pattern.IndexOf(']', Math.Min(i + (i + 1 < pattern.Length && pattern[i + 1] == '^' ? 3 : 2), pattern.Length));
                i = end < 0 || pattern.AsSpan(i + 1, end - i - 1).ContainsAny('[', '\\') ? pattern.Length : end;
                return null;

            case '{':
                var close = pattern.IndexOf('}', i);
                i = close < 0 ? pattern.Length : close;
                return null;

            case '.' or '^' or '$' or '*' or '+' or '?':
                return null;

            // Beyond ASCII the bytes depend on the encoding of the file.
            default:
                return char.IsAscii(pattern[i]) ? pattern[i] : null;
        }
    }
}
