namespace Ringfence.Review;

/// <summary>
/// Which lines of a text are new and which are gone, by content: a line that only moved is neither. Linear, so that no text makes it slow.
/// </summary>
public static class LineChanges
{
    public static (IReadOnlyList<ReviewLine> Added, IReadOnlyList<ReviewLine> Removed) Between(string? before, string? after)
    {
        var (old, now) = (Lines(before), Lines(after));
        return (Excess(now, old), Excess(old, now));
    }

    /// <summary>The lines that <paramref name="lines"/> has more often than <paramref name="others"/>.</summary>
    private static List<ReviewLine> Excess(string[] lines, string[] others)
    {
        var known = others.CountBy(l => l, StringComparer.Ordinal).ToDictionary(StringComparer.Ordinal);
        var excess = new List<ReviewLine>();

        for (var i = 0; i < lines.Length; i++)
        {
            if (known.TryGetValue(lines[i], out var left) && left > 0)
            {
                known[lines[i]] = left - 1;
            }
            else
            {
                excess.Add(new ReviewLine(i + 1, lines[i]));
            }
        }

        return excess;
    }

    private static string[] Lines(string? text) => string.IsNullOrEmpty(text) ? [] : text.TrimEnd('\n').Split('\n');
}
