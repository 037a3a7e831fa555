using System.Globalization;
using System.Text;

namespace Ringfence.Agent.Hosts.Terminal;

/// <summary>How wide text is on a terminal, and text that cannot do anything there but be shown.</summary>
internal static class TextWidth
{
    /// <summary>Columns; escape sequences of ours take none.</summary>
    public static int Of(string text)
    {
        var width = 0;

        for (var i = 0; i < text.Length;)
        {
            if (text[i] == '\e')
            {
                i = text.IndexOf('m', i) is >= 0 and var end ? end + 1 : text.Length;
                continue;
            }

            Rune.DecodeFromUtf16(text.AsSpan(i), out var rune, out var length);
            width += Of(rune);
            i += length;
        }

        return width;
    }

    public static int Of(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format or UnicodeCategory.Control => 0,
        _ => rune.Value is (>= 0x1100 and <= 0x115f) or (>= 0x2e80 and <= 0x303e) or (>= 0x3041 and <= 0xa4cf) or (>= 0xac00 and <= 0xd7a3) or (>= 0xf900 and <= 0xfaff)
            or (>= 0xfe30 and <= 0xfe6f) or (>= 0xff00 and <= 0xff60) or (>= 0xffe0 and <= 0xffe6) or (>= 0x1f300 and <= 0x1f64f) or (>= 0x1f680 and <= 0x1f6ff)
            or (>= 0x1f900 and <= 0x1f9ff) or (>= 0x20000 and <= 0x3fffd) ? 2 : 1,
    };

    /// <summary>The text in rows of at most so many columns. For plain text only.</summary>
    public static List<string> Wrap(string text, int columns)
    {
        var rows = new List<string>();

        foreach (var line in text.Split('\n'))
        {
            var row = new StringBuilder();
            var width = 0;

            foreach (var rune in line.EnumerateRunes())
            {
                var w = Of(rune);

                if (width + w > columns)
                {
                    rows.Add(row.ToString());
                    row.Clear();
                    width = 0;
                }

                row.Append(rune);
                width += w;
            }

            rows.Add(row.ToString());
        }

        return rows;
    }

    public static string Cut(string text, int columns) => Of(text) <= columns ? text : Wrap(text.Replace('\n', ' '), Math.Max(1, columns - 1))[0] + "…";

    /// <summary>Nothing that comes from a model, a file or a command may steer the terminal.</summary>
    public static string Safe(string text)
    {
        if (!text.AsSpan().ContainsAnyInRange('\0', '\x1f') && !text.AsSpan().ContainsAnyInRange('\x7f', '\x9f') && !text.AsSpan().ContainsAnyInRange('\u200e', '\u202e'))
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
}
