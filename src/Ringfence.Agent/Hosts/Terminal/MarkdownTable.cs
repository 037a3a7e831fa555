namespace Ringfence.Agent.Hosts.Terminal;

/// <summary>A Markdown table, fitted to the screen: cells are wrapped, and where there is no room for columns every row becomes a small list.</summary>
internal sealed class MarkdownTable(MarkdownInline inline, Paint paint)
{
    private const int LeastColumn = 8;
    private const int Gap = 3; // " │ "

    /// <summary>Whether the lines, the second above all, make a table.</summary>
    public static bool Is(IReadOnlyList<string> lines) => lines.Count >= 2 && Cells(lines[1]) is { Count: > 0 } rule && rule.All(IsRule);

    public List<string> Render(IReadOnlyList<string> lines, int width)
    {
        var head = Cells(lines[0]);
        var sides = Cells(lines[1]).Select(Side).ToArray();
        var count = head.Count;
        var rows = lines.Skip(2).Select(l => Cells(l)).Select(r => r.Concat(Enumerable.Repeat("", count)).Take(count).ToArray()).ToList();
        var shown = rows.Select(r => r.Select(c => inline.Render(c)).ToArray()).ToList();
        var names = head.Select(h => inline.Render(h, "1")).ToArray();

        var widths = Enumerable.Range(0, count).Select(i => shown.Select(r => TextWidth.Of(r[i])).Append(TextWidth.Of(names[i])).Append(1).Max()).ToArray();

        if (!Fit(widths, width - (Gap * (count - 1))))
        {
            return AsLists(names, shown, width);
        }

        var output = Row(names, widths, sides).ToList();
        output.Add(paint.Quiet(string.Join("─┼─", widths.Select(w => new string('─', w)))));
        output.AddRange(shown.SelectMany(r => Row(r, widths, sides)));
        return output;
    }

    /// <summary>Takes from the widest until all fit. False when a column would be too narrow to read.</summary>
    private static bool Fit(int[] widths, int room)
    {
        while (widths.Sum() > room)
        {
            var widest = Array.IndexOf(widths, widths.Max());

            if (widths[widest] <= LeastColumn)
            {
                return false;
            }

            widths[widest]--;
        }

        return true;
    }

    private IEnumerable<string> Row(string[] cells, int[] widths, int[] sides)
    {
        var wrapped = cells.Select((c, i) => StyledText.Wrap(c, widths[i])).ToArray();

        for (var line = 0; line < wrapped.Max(w => w.Count); line++)
        {
            var parts = wrapped.Select((w, i) => Align(line < w.Count ? w[line] : "", widths[i], i < sides.Length ? sides[i] : -1));
            yield return string.Join(paint.Quiet(" │ "), parts).TrimEnd(' ');
        }
    }

    private static string Align(string cell, int width, int side)
    {
        var free = Math.Max(0, width - TextWidth.Of(cell));
        var left = side < 0 ? 0 : side == 0 ? free / 2 : free;
        return new string(' ', left) + cell + new string(' ', free - left);
    }

    private static List<string> AsLists(string[] names, List<string[]> rows, int width) =>
        [.. rows.SelectMany((row, i) => row.SelectMany((cell, c) =>
            StyledText.Wrap($"{names[c]}: {cell}", width, c == 0 && i > 0 ? "• " : c == 0 ? "• " : "  ", "    ")))];

    private static bool IsRule(string cell) => cell.Trim(':') is { Length: > 0 } dashes && dashes.All(c => c == '-');

    // Left, in the middle, right.
    private static int Side(string rule) => rule.EndsWith(':') ? rule.StartsWith(':') ? 0 : 1 : -1;

    private static List<string> Cells(string line)
    {
        var text = line.Trim();
        text = text.StartsWith('|') ? text[1..] : text;
        text = text.EndsWith('|') && !text.EndsWith("\\|", StringComparison.Ordinal) ? text[..^1] : text;
        var cells = new List<string>();
        var (start, inCode) = (0, false);

        for (var i = 0; i < text.Length; i++)
        {
            inCode ^= text[i] == '`';

            if (text[i] == '|' && !inCode && (i == 0 || text[i - 1] != '\\'))
            {
                cells.Add(text[start..i].Trim());
                start = i + 1;
            }
        }

        cells.Add(text[start..].Trim());
        return cells;
    }
}
