using System.Text.RegularExpressions;
using Ringfence.Agent.Hosts.Terminal;

namespace Ringfence.Tests.Support;

/// <summary>What a terminal of that size would show of a program's output, with all that has scrolled away. Knows what our program uses, and refuses the rest.</summary>
public sealed partial class VirtualTerminal(int width, int height)
{
    private readonly List<List<string>> lines = [[]];
    private int top;
    private int row;
    private int column;

    /// <summary>Everything from the first line to the last, without the empty ones at the end.</summary>
    public string Text => string.Join('\n', lines.Select(l => string.Concat(l).TrimEnd())).TrimEnd();

    /// <summary>Shows it, but for a sequence at its end that has not come whole: a pipe may be read in its middle.</summary>
    public void Write(string output)
    {
        for (var i = 0; i < output.Length;)
        {
            if (output[i] == '\e')
            {
                if (!Whole().IsMatch(output, i))
                {
                    return;
                }

                i += Escape(output[i..]);
                continue;
            }

            var length = TextWidth.UnitAt(output, i, out var columns);
            Put(output.Substring(i, length), columns);
            i += length;
        }
    }

    private void Put(string unit, int columns)
    {
        switch (unit)
        {
            case "\r\n" or "\n":
                Down(1, scrolls: true);
                column = 0; // the line discipline returns the carriage
                return;

            case "\r":
                column = 0;
                return;

            case "\a":
                return;
        }

        if (column + columns > width)
        {
            Down(1, scrolls: true);
            column = 0;
        }

        var line = lines[top + row];

        while (line.Count < column + columns)
        {
            line.Add(" ");
        }

        line[column] = unit;

        if (columns == 2)
        {
            line[column + 1] = "";
        }

        column += columns;
    }

    private int Escape(string text)
    {
        if (text[1] == ']')
        {
            return text.IndexOf("\e\\", StringComparison.Ordinal) + 2;
        }

        if (text[1] != '[')
        {
            throw new InvalidOperationException($"It wrote ESC{text[1]}, which is no sequence that it should need.");
        }

        var end = 2;

        while (!char.IsAsciiLetter(text[end]))
        {
            end++;
        }

        var count = int.TryParse(text[2..end], out var number) ? number : 1;

        switch (text[end])
        {
            case 'A':
                row = Math.Max(0, row - count);
                break;

            case 'B':
                Down(count, scrolls: false);
                break;

            case 'C':
                column = Math.Min(width - 1, column + count);
                break;

            case 'K' when end == 2:
                Cut(lines[top + row]);
                break;

            case 'J' when end == 2:
                Cut(lines[top + row]);
                lines.RemoveRange(top + row + 1, lines.Count - top - row - 1);
                break;

            case 'm' or 'h' or 'l' or 'u':
                break;

            default:
                throw new InvalidOperationException($"It wrote ESC{text[1..(end + 1)]}, which clears or moves more than it should.");
        }

        return end + 1;
    }

    private void Cut(List<string> line) => line.RemoveRange(Math.Min(column, line.Count), Math.Max(0, line.Count - column));

    private void Down(int count, bool scrolls)
    {
        for (; count > 0; count--)
        {
            if (row < height - 1)
            {
                row++;
            }
            else if (scrolls)
            {
                top++;
            }

            while (lines.Count <= top + row)
            {
                lines.Add([]);
            }
        }
    }

    [GeneratedRegex(@"\G\e(\[[^A-Za-z]*[A-Za-z]|\][^\e]*\e\\|[^\[\]])")]
    private static partial Regex Whole();
}
