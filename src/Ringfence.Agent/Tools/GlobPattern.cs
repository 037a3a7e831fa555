using System.Text;

namespace Ringfence.Agent.Tools;

/// <summary><c>*</c>, <c>?</c>, <c>[a-z]</c>, <c>{a,b}</c> within a segment of a path, and <c>**</c> for any number of segments.</summary>
internal sealed class GlobPattern
{
    private const int MostAlternatives = 1000;
    private readonly string[][] alternatives;

    /// <exception cref="ArgumentException">Its braces stand for more patterns than anybody means.</exception>
    public GlobPattern(string pattern)
    {
        alternatives = [.. Expand(pattern).Take(MostAlternatives + 1).Select(p => p.Split('/', StringSplitOptions.RemoveEmptyEntries))];

        if (alternatives.Length > MostAlternatives)
        {
            throw new ArgumentException($"The braces of '{(pattern.Length > 100 ? pattern[..100] + "…" : pattern)}' stand for more than {MostAlternatives} patterns.", nameof(pattern));
        }
    }

    /// <param name="path">Relative, with slashes.</param>
    public bool Matches(ReadOnlySpan<char> path)
    {
        foreach (var pattern in alternatives)
        {
            if (Segments(pattern, path.Trim('/')))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Matches one segment: no slash in either.</summary>
    public static bool Segment(ReadOnlySpan<char> pattern, ReadOnlySpan<char> name)
    {
        var (p, n, star, mark) = (0, 0, -1, 0);

        while (n < name.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                (star, mark) = (p++, n);
            }
            else if (p < pattern.Length && One(pattern[p..], name[n], out var used))
            {
                p += used;
                n++;
            }
            else if (star >= 0)
            {
                p = star + 1;
                n = ++mark;
            }
            else
            {
                return false;
            }
        }

        while (p < pattern.Length && pattern[p] == '*')
        {
            p++;
        }

        return p == pattern.Length;
    }

    private static bool One(ReadOnlySpan<char> pattern, char c, out int used)
    {
        used = 1;

        switch (pattern[0])
        {
            case '?':
                return true;

            case '\\' when pattern.Length > 1:
                used = 2;
                return pattern[1] == c;

            case '[' when pattern[1..].IndexOf(']') is var end && end > 0:
                used = end + 2;
                var set = pattern.Slice(1, end);
                var not = set[0] is '!' or '^';
                return InSet(not ? set[1..] : set, c) != not;

            default:
                return pattern[0] == c;
        }
    }

    private static bool InSet(ReadOnlySpan<char> set, char c)
    {
        for (var i = 0; i < set.Length; i++)
        {
            if (i + 2 < set.Length && set[i + 1] == '-')
            {
                if (c >= set[i] && c <= set[i + 2])
                {
                    return true;
                }

                i += 2;
            }
            else if (set[i] == c)
            {
                return true;
            }
        }

        return false;
    }

    // As within a segment, of several stars only the last gives way: no pattern costs more than its length times that of the path.
    private static bool Segments(ReadOnlySpan<string> pattern, ReadOnlySpan<char> path)
    {
        var hasStars = false;
        ReadOnlySpan<string> afterStars = [];
        ReadOnlySpan<char> left = [];

        while (true)
        {
            if (pattern.Length > 0 && pattern[0] == "**")
            {
                pattern = pattern[1..];
                hasStars = true;
                afterStars = pattern;
                left = path;
            }
            else if (pattern.Length == 0 && (path.IsEmpty || afterStars.IsEmpty && hasStars))
            {
                return true;
            }
            else if (pattern.Length > 0 && !path.IsEmpty && Segment(pattern[0], First(path)))
            {
                pattern = pattern[1..];
                path = Rest(path);
            }
            else if (hasStars && !left.IsEmpty)
            {
                left = Rest(left);
                pattern = afterStars;
                path = left;
            }
            else
            {
                return false;
            }
        }
    }

    private static ReadOnlySpan<char> First(ReadOnlySpan<char> path) => path.IndexOf('/') is >= 0 and var end ? path[..end] : path;

    private static ReadOnlySpan<char> Rest(ReadOnlySpan<char> path) => path.IndexOf('/') is >= 0 and var end ? path[(end + 1)..].TrimStart('/') : [];

    private static IEnumerable<string> Expand(string pattern)
    {
        var open = pattern.IndexOf('{', StringComparison.Ordinal);

        if (open < 0)
        {
            return [pattern];
        }

        var (depth, start) = (0, open + 1);
        var parts = new List<string>();

        for (var i = open; i < pattern.Length; i++)
        {
            if (pattern[i] == '{')
            {
                depth++;
            }
            else if ((pattern[i] == ',' && depth == 1) || (pattern[i] == '}' && --depth == 0))
            {
                parts.Add(pattern[start..i]);
                start = i + 1;

                if (depth == 0)
                {
                    var rest = pattern[start..];
                    return parts.SelectMany(p => Expand(new StringBuilder().Append(pattern, 0, open).Append(p).Append(rest).ToString()));
                }
            }
        }

        return [pattern];
    }
}
