using System.Text.Json;

namespace Ringfence.Agents;

/// <summary>One line for people about a tool call and about its result. Untrusted text in, printable text out.</summary>
public static class ToolSummary
{
    /// <summary>The arguments that say most, in the order in which they are looked for: names are those of Claude Code's tools and of its peers.</summary>
    private static readonly string[] Telling =
        ["command", "cmd", "file_path", "absolute_path", "path", "filePath", "pattern", "query", "url", "description", "prompt"];

    /// <summary>What the call is about: its command, file or pattern.</summary>
    public static string Call(string input, int width = 100)
    {
        try
        {
            using var document = JsonDocument.Parse(input);
            var root = document.RootElement;

            if (root.ValueKind == JsonValueKind.Object)
            {
                foreach (var name in Telling)
                {
                    if (root.TryGetProperty(name, out var value))
                    {
                        return FirstLine(value.ToString(), width);
                    }
                }
            }
        }
        catch (JsonException)
        {
            // Not JSON, or cut: shown as it is.
        }

        return FirstLine(input, width);
    }

    /// <summary>What came back: the last line that says something, because that is where tests and compilers put their verdict.</summary>
    public static string Result(string output, int width = 100)
    {
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return lines switch
        {
            [] => "(no output)",
            [var only] => FirstLine(only, width),
            [.., var last] => FirstLine($"{last} (+{lines.Length - 1} lines)", width),
        };
    }

    /// <summary>The same for a tool that is known: of one that shows content it says how much, and of one that edits what it says first.</summary>
    public static string Result(string tool, bool isError, string output, int width = 100) => tool switch
    {
        "Read" or "Glob" or "LS" or "read_file" or "glob" when !isError && output.AsSpan().Trim().Count('\n') is > 0 and var breaks => $"{breaks + 1} lines",
        "Edit" or "MultiEdit" or "Write" => FirstLine(output, width),
        _ => Result(output, width),
    };

    private static string FirstLine(string text, int width)
    {
        var end = text.AsSpan().Trim().IndexOfAny('\r', '\n');
        var line = Printable.EscapeLines(end < 0 ? text.Trim() : text.Trim()[..end] + " …");
        return line.Length <= width ? line : line[..(width - 1)] + "…";
    }
}
