namespace Ringfence.Review;

/// <summary>
/// A pattern over repository paths: <c>*</c> and <c>?</c> within a name, <c>**</c> over any number of folders, <c>{a,b}</c> for either. A pattern is
/// matched against the whole path; one that ends with a slash means everything below.
/// </summary>
public sealed class PathGlob
{
    private readonly List<string[]> alternatives;
    private readonly StringComparison comparison;

    private PathGlob(List<string[]> alternatives, StringComparison comparison)
    {
        this.alternatives = alternatives;
        this.comparison = comparison;
    }

    /// <summary>For what is allowed: exactly what the pattern says.</summary>
    public static PathGlob Allowing(string pattern) => new([.. Expand(pattern).Select(Segments)], StringComparison.Ordinal);

    /// <summary>
    /// For what is forbidden, where a miss is the danger: letter case does not matter (some file systems do not tell it apart), and a pattern
    /// without a slash matches the name in any folder.
    /// </summary>
    public static PathGlob Forbidding(string pattern) => new(
        [.. Expand(pattern).Select(p => p.TrimEnd('/').Contains('/') ? Segments(p) : ["**", .. Segments(p)])], StringComparison.OrdinalIgnoreCase);

    public bool Matches(string path)
    {
        var names = path.Split('/');
        return alternatives.Exists(a => Matches(a, names));
    }

    // Which prefixes of the path the pattern so far can stand for: linear in both, whatever the pattern.
    private bool Matches(string[] segments, string[] names)
    {
        var reached = new bool[names.Length + 1];
        reached[0] = true;

        foreach (var segment in segments)
        {
            var next = new bool[names.Length + 1];

            for (var i = 0; i <= names.Length; i++)
            {
                next[i] = segment == "**"
                    ? reached[i] || (i > 0 && next[i - 1])
                    : i > 0 && reached[i - 1] && MatchesName(segment, names[i - 1]);
            }

            reached = next;
        }

        return reached[names.Length];
    }

    private bool MatchesName(string pattern, string name)
    {
        var (p, n, star, from) = (0, 0, -1, 0);

        while (n < name.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                (star, from) = (p++, n);
            }
            else if (p < pattern.Length && (pattern[p] == '?' || string.Compare(pattern, p, name, n, 1, comparison) == 0))
            {
                p++;
                n++;
            }
            else if (star >= 0)
            {
                (p, n) = (star + 1, ++from);
            }
            else
            {
                return false;
            }
        }

        return pattern.AsSpan(p).TrimStart('*').IsEmpty;
    }

    private static string[] Segments(string pattern)
    {
        var trimmed = pattern.StartsWith("./", StringComparison.Ordinal) ? pattern[2..] : pattern.TrimStart('/');
        return (trimmed.EndsWith('/') ? trimmed + "**" : trimmed).Split('/', StringSplitOptions.RemoveEmptyEntries);
    }

    private static IEnumerable<string> Expand(string pattern)
    {
        var open = pattern.IndexOf('{', StringComparison.Ordinal);
        var close = open < 0 ? -1 : pattern.IndexOf('}', open);

        return close < 0
            ? [pattern]
            : pattern[(open + 1)..close].Split(',').SelectMany(choice => Expand(pattern[..open] + choice + pattern[(close + 1)..]));
    }
}
