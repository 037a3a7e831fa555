using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Ringfence.Agent.Tools;

namespace Ringfence.Agent.Hosts.Terminal;

/// <summary>Calls, results and differences as a person wants to see them: short, and nothing hidden that matters.</summary>
internal sealed class ToolLines(Paint paint)
{
    private const int MostResultLines = 6;
    private const int MostDiffLines = 60;

    /// <summary>What the call is about, in one line.</summary>
    public static string Argument(JsonObject use)
    {
        var input = use.Object("input") ?? [];

        return (input.Text("command") ?? input.Text("file_path") ?? input.Text("pattern") ?? input.Text("url") ?? input.Text("description")
            ?? (input.Array("todos") is { } todos ? $"{todos.Count} items" : input.Count > 0 ? input.ToText() : "")).Replace('\n', ' ');
    }

    /// <summary>The path as seen from <paramref name="root"/> when it lies below.</summary>
    public static string Place(string path, string root) => path.StartsWith(root + "/", StringComparison.Ordinal) ? path[(root.Length + 1)..] : path;

    public string Call(JsonObject use, int width) => $"{paint.Accent("●")} {Name(use, width - 2)}";

    public string Name(JsonObject use, int width)
    {
        var name = TextWidth.Safe(use.Text("name") ?? "");
        return $"{paint.Bold(name)} {paint.Quiet(TextWidth.Cut(TextWidth.Safe(Argument(use)), Math.Max(10, width - name.Length - 1)))}";
    }

    /// <summary>All that the tool said.</summary>
    public static string Whole(AgentReport.ToolReturned returned) => TextWidth.Safe(
        returned.Result["content"] is JsonArray blocks ? string.Join('\n', blocks.Select(b => b.Text("text") ?? $"[{b.Text("type")}]")) : returned.Result["content"]?.ToString() ?? "");

    public string Result(AgentReport.ToolReturned returned, int width)
    {
        var failed = returned.Result.Flag("is_error") is true;

        if (!failed && returned.Details.Array("structuredPatch") is { Count: > 0 } hunks)
        {
            return Diff(hunks, width);
        }

        if (!failed && returned.Details.Array("newTodos") is { } todos)
        {
            return string.Join('\n', todos.Select(t => "  " + (t.Text("status") switch
            {
                "completed" => paint.Quiet("☒ " + TextWidth.Safe(t.Text("content") ?? "")), "in_progress" => paint.Bold("☐ " + TextWidth.Safe(t.Text("content") ?? "")),
                _ => "☐ " + TextWidth.Safe(t.Text("content") ?? ""),
            })));
        }

        if (!failed && returned.Use.Text("name") == "Read" && returned.Details.Object("file").Integer("numLines") is { } read)
        {
            return paint.Quiet($"  └ {Count(read, "line")}");
        }

        var lines = Whole(returned).TrimEnd('\n').Split('\n');
        var hidden = lines.Length > MostResultLines ? lines.Length - MostResultLines + 1 : 0;

        // The end of what a command printed tells how it went; its beginning, what it was.
        var shown = hidden == 0 ? lines : [.. lines.Take(2), $"… {Count(hidden, "more line")} (Ctrl-O shows them)", .. lines.TakeLast(MostResultLines - 3)];

        return string.Join('\n', shown.Select((line, i) =>
        {
            var text = (i == 0 ? "  └ " : "    ") + TextWidth.Cut(line, Math.Max(10, width - 4));
            return failed && i == 0 ? paint.Error(text) : paint.Quiet(text);
        }));
    }

    private static string Count(long count, string what) => string.Create(CultureInfo.InvariantCulture, $"{count:N0} {what}{(count == 1 ? "" : "s")}");

    /// <param name="whole">Every line, and all of it: what is asked about must be seen.</param>
    public string Diff(JsonArray hunks, int width, bool whole = false)
    {
        var text = new StringBuilder();
        var left = whole ? int.MaxValue : MostDiffLines;

        foreach (var hunk in hunks)
        {
            var (oldLine, newLine) = (hunk.Integer("oldStart") ?? 1, hunk.Integer("newStart") ?? 1);

            foreach (var line in (hunk.Array("lines") ?? []).Select(l => l?.ToString() ?? " "))
            {
                if (left-- == 0)
                {
                    return text.Append(paint.Quiet("        … more of the difference: /diff shows it all")).ToString();
                }

                var sign = line[0];
                var head = string.Create(CultureInfo.InvariantCulture, $"{(sign == '-' ? oldLine : newLine),5} {sign} ");
                var body = TextWidth.Safe(line[1..]);
                var rows = whole ? TextWidth.Wrap(body, Math.Max(20, width - 8)) : [TextWidth.Cut(body, Math.Max(20, width - 8))];
                var role = sign switch { '+' => Role.Added, '-' => Role.Removed, _ => Role.Quiet };
                text.AppendJoin('\n', rows.Select((r, i) => paint.Of(role, (i == 0 ? head : "        ") + r))).Append('\n');
                oldLine += sign != '+' ? 1 : 0;
                newLine += sign != '-' ? 1 : 0;
            }

            text.Append(hunk == hunks[^1] ? "" : paint.Quiet("      ⋮") + "\n");
        }

        return text.ToString().TrimEnd('\n');
    }

    /// <summary>What a call that asks for permission would do, or why it can do nothing.</summary>
    public async Task<(string Text, string? Refusal)> PreviewAsync(PermissionQuestion question, int width, CancellationToken cancellationToken)
    {
        var input = question.Call.Input;

        if (question.Tool.Name is "Edit" or "MultiEdit")
        {
            var (hunks, refusal) = await FileEditor.PreviewAsync(question.Call.Workplace, question.Subject.Target, EditTool.Changes(input), cancellationToken);
            return hunks is null ? ("", refusal) : (Diff(hunks, width, whole: true), null);
        }

        if (question.Tool.Name == "Write")
        {
            var path = question.Subject.Target;
            var before = File.Exists(path) ? TextFile.Decode(await File.ReadAllBytesAsync(path, cancellationToken))?.Text ?? "" : "";
            return (Diff(LineDiff.Hunks(before, input.Text("content") ?? ""), width, whole: true), null);
        }

        // All of it, however long: what is not seen cannot be approved.
        var text = TextWidth.Safe(input.Text("command") ?? input.ToText());
        return (string.Join('\n', text.Split('\n').SelectMany(l => StyledText.Wrap(l, width, "  ", "    "))), null);
    }
}
