using System.Globalization;
using System.Text.Json.Nodes;
using Ringfence.App.Cli;
using Ringfence.Audit;

namespace Ringfence.App.Views;

/// <summary>Prints an answer: columns for people, JSON or CSV for programs. What came from an agent is escaped where a person looks.</summary>
internal static class TableWriter
{
    private const int WidestCell = 60;

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
        var widths = names.Select((name, i) => Math.Max(name.Length, cells.Max(row => row[i].Length))).ToList();

        terminal.WriteLine(terminal.Paint(Line(names, widths), Ansi.Bold));

        foreach (var row in cells)
        {
            terminal.WriteLine(Line(row, widths));
        }

        if (table.More)
        {
            terminal.Error.WriteLine($"… and more: --limit N (now {table.Rows.Count}).");
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

        return text.Length <= WidestCell ? text : text[..(WidestCell - 1)] + "…";
    }

    private static string Line(IReadOnlyList<string> cells, IReadOnlyList<int> widths) =>
        string.Join("  ", cells.Select((cell, i) => cell.PadRight(widths[i]))).TrimEnd();
}

internal enum TableForm
{
    Text,
    Json,
    Csv,
}
