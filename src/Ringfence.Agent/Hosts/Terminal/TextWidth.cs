using System.Globalization;
using System.Text;

namespace Ringfence.Agent.Hosts.Terminal;

/// <summary>How wide text is on a terminal, and text that cannot do anything there but be shown.</summary>
internal static class TextWidth
{
    private const int EmojiPresentation = 0xfe0f;

    /// <summary>Columns; escape sequences of ours take none.</summary>
    public static int Of(string text)
    {
        var width = 0;

        for (var i = 0; i < text.Length;)
        {
            i += UnitAt(text, i, out var columns);
            width += columns;
        }

        return width;
    }

    /// <summary>The length of what stands at <paramref name="at"/>: what a person sees as one character, or an escape sequence of ours.</summary>
    public static int UnitAt(string text, int at, out int columns)
    {
        if (text[at] == '\e')
        {
            columns = 0;
            return (text.IndexOf('m', at) is >= 0 and var end ? end + 1 : text.Length) - at;
        }

        if (text[at] < 0x7f && (at + 1 == text.Length || text[at + 1] < 0x80))
        {
            columns = text[at] < ' ' ? 0 : 1;
            return 1;
        }

        var length = StringInfo.GetNextTextElementLength(text.AsSpan(at));
        columns = Cluster(text.AsSpan(at, length));
        return length;
    }

    /// <summary>The text in rows of at most so many columns, broken anywhere: for what is being written. For plain text only.</summary>
    public static List<string> Wrap(string text, int columns)
    {
        var rows = new List<string>();

        foreach (var line in text.Split('\n'))
        {
            var (start, width) = (0, 0);

            for (var i = 0; i < line.Length;)
            {
                var length = UnitAt(line, i, out var unit);

                if (width + unit > columns && i > start)
                {
                    rows.Add(line[start..i]);
                    (start, width) = (i, 0);
                }

                width += unit;
                i += length;
            }

            rows.Add(line[start..]);
        }

        return rows;
    }

    public static string Cut(string text, int columns) => Of(text) <= columns ? text : Wrap(text.Replace('\n', ' '), Math.Max(1, columns - 1))[0] + "…";

    /// <summary>Nothing that comes from a model, a file or a command may steer the terminal.</summary>
    public static string Safe(string text)
    {
        if (!text.AsSpan().ContainsAnyInRange('\0', '\x1f') && !text.AsSpan().ContainsAnyInRange('\x7f', '\x9f')
            && !text.AsSpan().ContainsAnyInRange('\u200e', '\u202e') && !text.AsSpan().ContainsAnyInRange('\u2066', '\u2069'))
        {
            return text;
        }

        var safe = new StringBuilder(text.Length);

        foreach (var rune in text.EnumerateRunes())
        {
            safe.Append(rune.Value switch
            {
                '\n' => "\n",
                '\t' => "    ",
                '\r' => "",
                _ when Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control || rune.Value is 0x200e or 0x200f or (>= 0x202a and <= 0x202e) or (>= 0x2066 and <= 0x2069) => "�",
                _ => rune.ToString(),
            });
        }

        return safe.ToString();
    }

    // Joined emoji and flags are one picture. A terminal that cannot join them shows more; none shows less.
    private static int Cluster(ReadOnlySpan<char> cluster)
    {
        var width = 0;

        foreach (var rune in cluster.EnumerateRunes())
        {
            width = rune.Value == EmojiPresentation ? 2 : Math.Max(width, Of(rune));
        }

        return width;
    }

    private static int Of(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format or UnicodeCategory.Control => 0,
        _ => WideCharacters.Contain(rune) ? 2 : 1,
    };
}
