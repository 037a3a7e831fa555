using System.Globalization;
using System.Text.Json.Nodes;
using Ringfence.App.Cli;
using Ringfence.Audit;

namespace Ringfence.App.Views;

/// <summary>Prints an answer: columns for people, JSON or CSV for programs. What came from an agent is escaped where a person looks.</summary>
internal static class TableWriter
{
    private const int WidestCell = 60;
    private const int NarrowestCut = 20;
    private const int DigestShown = 12;

    public static void Write(Terminal terminal, AuditTable table, TableForm form)
    {
        switch (form)
        {
            case TableForm.Json:
                WriteJson(terminal, table);
                break;
            case TableForm.Csv:
                WriteCsv(terminal, table);
                break;
            default:
                WriteText(terminal, table);
                break;
        }
    }

    private static void WriteText(Terminal terminal, AuditTable table)
    {
        if (table.Rows.Count == 0)
        {
            terminal.Error.WriteLine("Nothing on record.");
            return;
        }

        // A column without any value says nothing.
        var shown = Enumerable.Range(0, table.Columns.Count).Where(i => table.Rows.Any(row => row[i] is not null)).ToList();
        var cells = table.Rows.Select(row => shown.Select(i => Cell(table.Columns[i], row[i])).ToList()).ToList();
        var names = shown.Select(i => Heading(table.Columns[i])).ToList();
        var widths = names.Select((name, i) => Math.Max(name.Length, cells.Max(row => row[i].Length))).ToArray();

        if (terminal.OutputIsTerminal && !Fit(widths, terminal.Width))
        {
            WriteBlocks(terminal, names, cells);
        }
        else
        {
            terminal.WriteLine(terminal.Paint(Line(names, widths), Ansi.Bold));

            foreach (var row in cells)
            {
                terminal.WriteLine(Line(row, widths));
            }
        }

        if (table.More)
        {
            terminal.Error.WriteLine($"… and more: --limit N (now {table.Rows.Count}).");
        }
    }

    /// <summary>Takes from the widest columns what a screen has no room for. False when they would be too narrow to read.</summary>
    private static bool Fit(int[] widths, int width)
    {
        while (widths.Sum() + (2 * (widths.Length - 1)) > width)
        {
            var widest = Array.IndexOf(widths, widths.Max());

            if (widths[widest] <= NarrowestCut)
            {
                return false;
            }

            widths[widest]--;
        }

        return true;
    }

    private static void WriteBlocks(Terminal terminal, IReadOnlyList<string> names, IReadOnlyList<IReadOnlyList<string>> rows)
    {
        var column = names.Max(name => name.Length) + 2;

        foreach (var row in rows)
        {
            for (var i = 0; i < names.Count; i++)
            {
                if (row[i].Length > 0)
                {
                    terminal.WriteText($"{terminal.Paint(names[i].PadRight(column), i == 0 ? Ansi.Bold : Ansi.Dim)}{row[i]}");
                }
            }

            terminal.WriteLine();
        }
    }

    private static void WriteJson(Terminal terminal, AuditTable table)
    {
        foreach (var row in table.Rows)
        {
            var line = new JsonObject();

            for (var i = 0; i < table.Columns.Count; i++)
            {
                line[table.Columns[i]] = row[i] switch
                {
                    null => null,
                    long number => number,
                    int number => number,
                    bool flag => flag,
                    double number => number,
                    byte[] bytes => Convert.ToHexStringLower(bytes),
                    var other => Convert.ToString(other, CultureInfo.InvariantCulture),
                };
            }

            terminal.WriteLine(line.ToJsonString());
        }
    }

    private static void WriteCsv(Terminal terminal, AuditTable table)
    {
        terminal.WriteLine(string.Join(',', table.Columns.Select(Quote)));

        foreach (var row in table.Rows)
        {
            terminal.WriteLine(string.Join(',', row.Select(value => Quote(value is byte[] bytes ? Convert.ToHexStringLower(bytes) : Convert.ToString(value, CultureInfo.InvariantCulture) ?? ""))));
        }
    }

    // A leading =, +, - or @ would be run as a formula by the spreadsheet that a file of ours is opened in.
    private static string Quote(string text)
    {
        var safe = text.Length > 0 && text[0] is '=' or '+' or '@' or '\t' || (text.Length > 1 && text[0] == '-' && !char.IsAsciiDigit(text[1])) ? "'" + text : text;
        return safe.AsSpan().IndexOfAny(",\"\r\n") >= 0 ? $"\"{safe.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : safe;
    }

    private static string Heading(string column) => column switch
    {
        "at_us" or "created_us" or "opened_us" or "ended_us" or "started_us" => column[..^3],
        _ when column.EndsWith("_nano", StringComparison.Ordinal) => column[..^5],
        _ => column,
    };

    private static string Cell(string column, object? value)
    {
        var text = (column, value) switch
        {
            (_, null) => "",
            ("at_us" or "created_us" or "opened_us" or "ended_us" or "started_us", long time) =>
                DateTimeOffset.UnixEpoch.AddTicks(time * TimeSpan.TicksPerMicrosecond).ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture),
            (_, long nano) when column.EndsWith("_nano", StringComparison.Ordinal) => new Money(nano).ToString(),
            ("day", long day) => DateTimeOffset.UnixEpoch.AddDays(day).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
            (_, bool flag) => flag ? "yes" : "no",
            (_, long number) => number.ToString(CultureInfo.InvariantCulture),
            (_, byte[] bytes) => Convert.ToHexStringLower(bytes),
            _ => Printable.Escape(Convert.ToString(value, CultureInfo.InvariantCulture) ?? ""),
        };

        // A name that only a machine reads is known by its beginning; --json has the whole.
        return text.Length is 40 or 64 && text.All(char.IsAsciiHexDigitLower) ? text[..DigestShown] : Cut(text, WidestCell);
    }

    private static string Line(IReadOnlyList<string> cells, IReadOnlyList<int> widths) =>
        string.Join("  ", cells.Select((cell, i) => Cut(cell, widths[i]).PadRight(widths[i]))).TrimEnd();

    private static string Cut(string text, int columns) => text.Length <= columns ? text : text[..(columns - 1)] + "…";
}

internal enum TableForm
{
    Text,
    Json,
    Csv,
}
