using System.Globalization;
using System.Text;

namespace Ringfence.Agent.Hosts.Terminal;

/// <summary>
/// What has happened scrolls up and stays the terminal's own; below it lives a region that is drawn anew: the line being written, the question, the
/// prompt, the status.
/// </summary>
internal sealed class Screen(StandardStreams streams, TerminalDevice device)
{
    private readonly Lock gate = new();
    private List<int> drawn = [];
    private int cursorRow;

    public (int Width, int Height) Size => device.Size;

    /// <param name="Rows">The live region. No row is wider than the screen.</param>
    public sealed record Live(IReadOnlyList<string> Rows, int CursorRow, int CursorColumn);

    /// <summary>Draws the live region anew, after <paramref name="printed"/> has gone above it.</summary>
    public void Draw(string? printed, Live live)
    {
        lock (gate)
        {
            var (width, height) = Size;
            var output = new StringBuilder("\e[?2026h");

            // What was drawn may have been wrapped anew by a resize since.
            var up = drawn.Take(cursorRow).Sum(w => Math.Max(1, (w + width - 1) / width));
            output.Append('\r').Append(up > 0 ? $"\e[{up}A" : "").Append("\e[J");
            output.Append(printed is null ? "" : printed.EndsWith('\n') ? printed : printed + "\n");

            var rows = live.Rows.Count > height - 1 ? live.Rows.Skip(live.Rows.Count - height + 1).ToList() : [.. live.Rows];
            var row = Math.Clamp(live.CursorRow - (live.Rows.Count - rows.Count), 0, Math.Max(0, rows.Count - 1));
            output.AppendJoin("\r\n", rows);
            output.Append(CultureInfo.InvariantCulture, $"{(rows.Count - 1 - row > 0 ? $"\e[{rows.Count - 1 - row}A" : "")}\r{(live.CursorColumn > 0 ? $"\e[{live.CursorColumn}C" : "")}\e[?2026l");
            streams.WriteText(output.ToString());
            drawn = [.. rows.Select(TextWidth.Of)];
            cursorRow = row;
        }
    }

    /// <summary>Leaves the live region behind, so that another program can write.</summary>
    public void Finish(string? printed)
    {
        Draw(printed, new Live([""], 0, 0));

        lock (gate)
        {
            drawn = [];
            cursorRow = 0;
        }
    }
}
