using System.Globalization;

namespace Ringfence.App.Cli;

/// <summary>A line for a person's screen, broken between words and continued below where its last column begins.</summary>
internal static class Wrapped
{
    /// <param name="line">Columns are told apart by two spaces or more.</param>
    /// <param name="width">Columns of the screen.</param>
    public static IEnumerable<string> Lines(string line, int width)
    {
        var indent = Math.Min(Column(line, width / 2), width / 2);
        var rest = line;
        var before = "";

        while (Place(rest, width - before.Length) is { } end)
        {
            yield return (before + rest[..end]).TrimEnd();
            rest = rest[end..].TrimStart(' ');
            before = new string(' ', indent);
        }

        yield return before + rest;
    }

    /// <summary>Where the last column of a line begins, in columns of the screen.</summary>
    private static int Column(string line, int within)
    {
        var (column, spaces, start) = (0, 2, 0);

        foreach (var (unit, columns) in Units(line))
        {
            if (column >= within)
            {
                break;
            }

            start = unit is not " " && spaces >= 2 && columns > 0 ? column : start;
            spaces = unit is " " ? spaces + 1 : columns > 0 ? 0 : spaces;
            column += columns;
        }

        return start;
    }

    /// <summary>Where the line must be broken to fit, or null when it fits.</summary>
    private static int? Place(string line, int room)
    {
        var (column, at, lastSpace, hasWord) = (0, 0, 0, false);

        foreach (var (unit, columns) in Units(line))
        {
            if (column + columns > room)
            {
                return lastSpace > 0 ? lastSpace : Math.Max(1, at);
            }

            lastSpace = unit is " " && hasWord ? at : lastSpace;
            hasWord |= unit is not " " && columns > 0;
            column += columns;
            at += unit.Length;
        }

        return null;
    }

    private static IEnumerable<(string Unit, int Columns)> Units(string line)
    {
        for (var i = 0; i < line.Length;)
        {
            var length = line[i] == '\e' && line.IndexOf('m', i) is > 0 and var end ? end + 1 - i : StringInfo.GetNextTextElementLength(line.AsSpan(i));
            var unit = line.Substring(i, length);
            yield return (unit, unit[0] == '\e' ? 0 : IsWide(unit[0]) ? 2 : 1);
            i += length;
        }
    }

    // Enough for where a line ends: East Asian scripts and pictures.
    private static bool IsWide(char first) => first is (>= '\u1100' and <= '\u115f') or (>= '\u2e80' and <= '\ua4cf') or (>= '\uac00' and <= '\ud7a3')
        or (>= '\uf900' and <= '\ufaff') or (>= '\ufe30' and <= '\ufe6f') or (>= '\uff00' and <= '\uff60') or (>= '\ud83c' and <= '\ud83e');
}
