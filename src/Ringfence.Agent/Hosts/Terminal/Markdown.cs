using System.Text.RegularExpressions;

namespace Ringfence.Agent.Hosts.Terminal;

/// <summary>
/// Markdown for a terminal, line by line as it streams in. Prose is wrapped between words; code is not, so that what is copied is what was written;
/// a table waits until its last row has come.
/// </summary>
internal sealed partial class Markdown(Paint paint)
{
    // Longer lines are hard to read, however wide the screen.
    private const int WidestProse = 100;

    private readonly MarkdownInline inline = new(paint);
    private readonly List<string> table = [];
    private string? fence;
    private string language = "";

    /// <summary>What is finished once this line has come, without a final line feed; null when nothing is.</summary>
    public string? Add(string line, int width)
    {
        line = TextWidth.Safe(line);

        if (fence is null && line.TrimStart().StartsWith('|'))
        {
            table.Add(line);
            return null;
        }

        var before = Flush(width);
        var now = Fenced(line, width) ?? string.Join('\n', Prose(line, width));
        return before is null ? now : $"{before}\n{now}";
    }

    /// <summary>What was held back.</summary>
    public string? Flush(int width)
    {
        var held = Held(width);
        table.Clear();
        return held.Count == 0 ? null : string.Join('\n', held);
    }

    public void Reset()
    {
        table.Clear();
        (fence, language) = (null, "");
    }

    /// <summary>How what is not finished looks so far, in rows that fit.</summary>
    public List<string> Preview(string partial, int width)
    {
        partial = TextWidth.Safe(partial);

        if (fence is null && partial.TrimStart().StartsWith('|'))
        {
            table.Add(partial);
            var whole = Held(width);
            table.RemoveAt(table.Count - 1);
            return whole;
        }

        var rows = Held(width);

        if (partial.Length > 0)
        {
            rows.AddRange(fence is null ? Prose(partial, width) : TextWidth.Wrap(partial, width).Select(r => CodeTint.Line(r, language, paint)));
        }

        return rows;
    }

    private List<string> Held(int width) => table.Count == 0 ? []
        : MarkdownTable.Is(table) ? new MarkdownTable(inline, paint).Render(table, width) : [.. table.SelectMany(l => Prose(l, width))];

    private string? Fenced(string line, int width)
    {
        var trimmed = line.Trim();

        if (fence is not null)
        {
            if (!trimmed.StartsWith(fence, StringComparison.Ordinal) || trimmed.Trim(fence[0]).Length > 0)
            {
                return CodeTint.Line(line, language, paint);
            }

            Reset();
            return Rule("", width);
        }

        if (Fence().Match(trimmed) is not { Success: true } opening)
        {
            return null;
        }

        (fence, language) = (opening.Groups[1].Value, opening.Groups[2].Value.ToLowerInvariant());
        return Rule(opening.Groups[2].Value, width);
    }

    private string Rule(string name, int width)
    {
        var shown = name.Length == 0 ? "" : $" {TextWidth.Cut(name, 20)} ";
        return paint.Quiet("──" + shown + new string('─', Math.Max(2, Math.Min(width, 40) - 2 - shown.Length)));
    }

    private List<string> Prose(string line, int width)
    {
        var columns = Math.Min(width, WidestProse);
        var trimmed = line.Trim();

        if (trimmed.Length == 0)
        {
            return [""];
        }

        if (HeadingLevel(trimmed) is > 0 and var level)
        {
            return StyledText.Wrap(inline.Render(trimmed[level..].TrimEnd('#').Trim(), level == 1 ? "1;4" : "1"), columns);
        }

        if (Line().IsMatch(trimmed))
        {
            return [paint.Quiet(new string('─', Math.Min(columns, 40)))];
        }

        if (trimmed[0] == '>')
        {
            var bar = paint.Quiet("│ ");
            return [.. Prose(trimmed[1..].TrimStart(), Math.Max(10, columns - 2)).Select(r => bar + r)];
        }

        if (Item().Match(line) is { Success: true } item)
        {
            var (sign, text) = Sign(item.Groups["sign"].Value, item.Groups["text"].Value);
            var first = item.Groups["indent"].Value + sign + " ";
            return StyledText.Wrap(inline.Render(text), columns, first, new string(' ', TextWidth.Of(first)));
        }

        var indent = new string(' ', Math.Min(line.Length - line.TrimStart().Length, columns / 2));
        return StyledText.Wrap(inline.Render(trimmed), columns, indent, indent);
    }

    private static int HeadingLevel(string line) =>
        line.AsSpan().IndexOfAnyExcept('#') is > 0 and <= 6 and var level && char.IsWhiteSpace(line[level]) ? level : 0;

    private static (string Sign, string Text) Sign(string sign, string text) => text switch
    {
        ['[', ' ', ']', ' ', .. var open] => ("☐", open),
        ['[', 'x' or 'X', ']', ' ', .. var done] => ("☒", done),
        _ => (char.IsAsciiDigit(sign[0]) ? sign : "•", text),
    };

    [GeneratedRegex(@"^(?<indent>\s*)(?<sign>[-*+]|\d{1,4}[.)])\s+(?<text>.*)$")]
    private static partial Regex Item();

    [GeneratedRegex("^(`{3,}|~{3,})\\s*([^\\s`{]*)")]
    private static partial Regex Fence();

    [GeneratedRegex(@"^(?:(?:-\s*){3,}|(?:\*\s*){3,}|(?:_\s*){3,})$")]
    private static partial Regex Line();
}
