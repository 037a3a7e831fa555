using System.Globalization;
using System.Text;

namespace Ringfence.Agent.Hosts.Terminal;

/// <summary>
/// What has happened scrolls up and stays the terminal's own: it is written once and never again. Below it lives a region of which only the rows that
/// changed are written, so that nothing flickers, and nothing is ever erased before it is replaced.
/// </summary>
internal sealed class Screen(StandardStreams streams, TerminalDevice device)
{
    private const string ToEndOfLine = "\e[K";
    private const string ToEndOfScreen = "\e[J";

    private readonly Lock gate = new();
    private List<string> drawn = [];
    private (int Row, int Column) cursor;
    private int drawnWidth;

    public (int Width, int Height) Size => device.Size;

    public bool IsPlain => device.IsPlain;

    /// <param name="Rows">The live region. Every row is narrower than the screen.</param>
    public sealed record Live(IReadOnlyList<string> Rows, int CursorRow, int CursorColumn);

    /// <summary>Draws the live region, after <paramref name="printed"/> has gone above it.</summary>
    public void Draw(string? printed, Live live)
    {
        lock (gate)
        {
            if (IsPlain)
            {
                streams.WriteText(printed is null ? "" : printed + "\n");
                return;
            }

            var (width, height) = Size;
            var rows = live.Rows.Skip(Math.Max(0, live.Rows.Count - height + 1)).ToList();
            var row = Math.Clamp(live.CursorRow - (live.Rows.Count - rows.Count), 0, Math.Max(0, rows.Count - 1));
            var output = new StringBuilder();
            var at = printed is null && width == drawnWidth ? Changed(output, rows) : Anew(output, printed, rows, width);

            if (output.Length == 0 && (row, live.CursorColumn) == cursor)
            {
                return;
            }

            Move(output, at, row);
            output.Append('\r');
            Append(output, live.CursorColumn, 'C');
            streams.WriteText($"\e[?2026h{output}\e[?2026l");
            (drawn, drawnWidth, cursor) = (rows, width, (row, live.CursorColumn));
        }
    }

    /// <summary>Clears what can be seen, not what has scrolled away.</summary>
    public void Clear()
    {
        lock (gate)
        {
            streams.WriteText("\e[H\e[2J");
            (drawn, cursor, drawnWidth) = ([], default, 0);
        }
    }

    /// <summary>Leaves the live region behind, so that another program can write.</summary>
    public void Finish(string? printed)
    {
        Draw(printed, new Live([""], 0, 0));

        lock (gate)
        {
            (drawn, cursor, drawnWidth) = ([], default, 0);
        }
    }

    public void Ring() => streams.WriteText("\a");

    /// <returns>The row where the cursor is left.</returns>
    private int Changed(StringBuilder output, List<string> rows)
    {
        var at = cursor.Row;

        for (var i = 0; i < rows.Count; i++)
        {
            if (i < drawn.Count && rows[i] == drawn[i])
            {
                continue;
            }

            if (i < drawn.Count)
            {
                Move(output, at, i);
                output.Append('\r');
            }
            else
            {
                // Below what was drawn there may be no line yet.
                Move(output, at, i - 1);
                output.Append("\r\n");
            }

            output.Append(rows[i]).Append(ToEndOfLine);
            at = i;
        }

        if (rows.Count < drawn.Count)
        {
            Move(output, at, rows.Count);
            output.Append('\r').Append(ToEndOfScreen);
            at = rows.Count;
        }

        return at;
    }

    private int Anew(StringBuilder output, string? printed, List<string> rows, int width)
    {
        // A resize since may have wrapped what was drawn, and with it moved the cursor.
        var up = drawn.Take(cursor.Row).Sum(r => Math.Max(1, (TextWidth.Of(r) + width - 1) / width)) + (cursor.Column / width);
        Append(output, up, 'A');
        output.Append('\r').Append(width == drawnWidth ? "" : ToEndOfScreen);

        foreach (var line in printed is null ? [] : printed.Split('\n'))
        {
            // After a full row the cursor still stands in its last column, and would erase it.
            var columns = TextWidth.Of(line);
            output.Append(line).Append(columns > 0 && columns % width == 0 ? "" : ToEndOfLine).Append("\r\n");
        }

        output.AppendJoin(ToEndOfLine + "\r\n", rows).Append(ToEndOfLine).Append(ToEndOfScreen);
        return rows.Count - 1;
    }

    private static void Move(StringBuilder output, int from, int to)
    {
        Append(output, from - to, 'A');
        Append(output, to - from, 'B');
    }

    private static void Append(StringBuilder output, int count, char direction) =>
        output.Append(count > 0 ? string.Create(CultureInfo.InvariantCulture, $"\e[{count}{direction}") : "");
}
