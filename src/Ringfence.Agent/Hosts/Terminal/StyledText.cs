using System.Text;

namespace Ringfence.Agent.Hosts.Terminal;

/// <summary>Text with our own escape sequences, in rows.</summary>
internal static class StyledText
{
    private const string Reset = "\e[0m";

    /// <summary>
    /// The line in rows of at most so many columns, broken between words where that can be, and between any two characters of scripts that are
    /// written without spaces. Every row ends without a style and begins with the one that holds there.
    /// </summary>
    /// <param name="first">What the first row begins with.</param>
    /// <param name="rest">What the others begin with.</param>
    public static List<string> Wrap(string line, int columns, string first = "", string rest = "")
    {
        var rows = new List<string>();
        var row = new Row(first, "");

        for (var i = 0; i < line.Length;)
        {
            var length = TextWidth.UnitAt(line, i, out var width);
            var unit = line.AsSpan(i, length);
            i += length;

            if (unit[0] == '\e')
            {
                row.Style(unit);
                continue;
            }

            if (row.Width + width > columns && !row.IsEmpty)
            {
                if (unit is " ")
                {
                    row.MarkBreak();
                }

                var (done, over, style) = row.Break();
                rows.Add(done);
                row = new Row(rest, style);
                row.Continue(over);

                if (unit is " ")
                {
                    continue;
                }
            }

            row.Add(unit, width);
        }

        rows.Add(row.End());
        return rows;
    }

    private sealed class Row
    {
        private readonly StringBuilder text = new();
        private readonly int start;
        private string style;
        private (int Length, int Next, string Style)? lastBreak;

        public Row(string indent, string style)
        {
            text.Append(indent).Append(style);
            (start, this.style, Width) = (text.Length, style, TextWidth.Of(indent));
        }

        public int Width { get; private set; }

        public bool IsEmpty { get; private set; } = true;

        public void Style(ReadOnlySpan<char> sequence)
        {
            style = sequence is Reset ? "" : style + sequence.ToString();
            text.Append(sequence);
        }

        public void Add(ReadOnlySpan<char> unit, int width)
        {
            if (width == 2 && !IsEmpty)
            {
                MarkBreak();
            }

            text.Append(unit);
            Width += width;
            IsEmpty = false;

            if (unit is " ")
            {
                lastBreak = (text.Length - 1, text.Length, style);
            }
            else if (width == 2)
            {
                MarkBreak();
            }
        }

        public void MarkBreak() => lastBreak = (text.Length, text.Length, style);

        /// <summary>Takes over what did not fit on the row before.</summary>
        public void Continue(string over)
        {
            for (var i = 0; i < over.Length;)
            {
                var length = TextWidth.UnitAt(over, i, out var width);

                if (over[i] == '\e')
                {
                    Style(over.AsSpan(i, length));
                }
                else
                {
                    Add(over.AsSpan(i, length), width);
                }

                i += length;
            }
        }

        public (string Done, string Over, string Style) Break()
        {
            var (length, next, held) = lastBreak is { } at && at.Length > start ? at : (text.Length, text.Length, style);
            var over = text.ToString(next, text.Length - next);
            text.Length = length;
            return (text.ToString().TrimEnd(' ') + (held.Length > 0 ? Reset : ""), over, held);
        }

        public string End() => text.ToString() + (style.Length > 0 ? Reset : "");
    }
}
