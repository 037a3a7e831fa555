using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Ringfence.Agent.Tools;

namespace Ringfence.Agent.Hosts.Terminal;

/// <summary>Calls, results and differences as a person wants to see them: short, and nothing hidden that matters.</summary>
internal sealed class ToolLines(Paint paint)
{
    private const int MostResultLines = 5;
    private const int MostDiffLines = 60;

    public string Call(JsonObject use, int width)
    {
        var input = use.Object("input") ?? [];

        var what = input.Text("command") ?? input.Text("file_path") ?? input.Text("pattern") ?? input.Text("url") ?? input.Text("description")
            ?? (input.Count > 0 ? input.ToText() : "");

        return $"{paint.Blue("●")} {paint.Bold(use.Text("name") ?? "")} {paint.Dim(TextWidth.Cut(TextWidth.Safe(what).Replace('\n', ' '), Math.Max(10, width - 16)))}";
    }

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
                "completed" => paint.Dim("☒ " + TextWidth.Safe(t.Text("content") ?? "")), "in_progress" => paint.Bold("☐ " + TextWidth.Safe(t.Text("content") ?? "")),
                _ => "☐ " + TextWidth.Safe(t.Text("content") ?? ""),
            })));
        }

        var text = returned.Result["content"] is JsonArray blocks ? string.Join('\n', blocks.Select(b => b.Text("text") ?? $"[{b.Text("type")}]")) : returned.Result["content"]?.ToString() ?? "";

        if (!failed && returned.Use.Text("name") == "Read")
        {
            return paint.Dim($"  ⎿ {returned.Details.Object("file").Integer("numLines") ?? 0} lines");
        }

        var lines = TextWidth.Safe(text).TrimEnd('\n').Split('\n');
        var shown = new StringBuilder();

        for (var i = 0; i < Math.Min(lines.Length, MostResultLines); i++)
        {
            var line = (i == 0 ? "  ⎿ " : "    ") + TextWidth.Cut(lines[i], Math.Max(10, width - 6));
            shown.Append(failed ? paint.Red(line) : paint.Dim(line)).Append('\n');
        }

        return lines.Length > MostResultLines
            ? shown.Append(paint.Dim(string.Create(CultureInfo.InvariantCulture, $"    … {lines.Length - MostResultLines} more lines"))).ToString() : shown.ToString().TrimEnd('\n');
    }

    public string Diff(JsonArray hunks, int width)
    {
        var text = new StringBuilder();
        var left = MostDiffLines;

        foreach (var hunk in hunks)
        {
            var (oldLine, newLine) = (hunk.Integer("oldStart") ?? 1, hunk.Integer("newStart") ?? 1);

            foreach (var line in (hunk.Array("lines") ?? []).Select(l => l?.ToString() ?? " "))
            {
                if (left-- == 0)
                {
                    return text.Append(paint.Dim("    … more of the difference: /diff shows it all")).ToString();
                }

                var sign = line[0];
                var body = TextWidth.Cut($"{(sign == '-' ? oldLine : newLine),5} {sign} {TextWidth.Safe(line[1..])}", Math.Max(20, width - 1));
                text.Append(sign switch { '+' => paint.Green(body), '-' => paint.Red(body), _ => paint.Dim(body) }).Append('\n');
                oldLine += sign != '+' ? 1 : 0;
                newLine += sign != '-' ? 1 : 0;
            }

            text.Append(hunk == hunks[^1] ? "" : paint.Dim("      ⋮") + "\n");
        }

        return text.ToString().TrimEnd('\n');
    }

    /// <summary>What a call that asks for permission would do.</summary>
    public async Task<string> PreviewAsync(PermissionQuestion question, int width, CancellationToken cancellationToken)
    {
        var input = question.Call.Input;

        if (question.Tool.Name is "Edit" or "MultiEdit")
        {
            var (hunks, refusal) = await FileEditor.PreviewAsync(question.Call.Workplace, question.Subject.Target, EditTool.Changes(input), cancellationToken);
            return hunks is null ? paint.Red("  " + refusal) : Diff(hunks, width);
        }

        if (question.Tool.Name == "Write")
        {
            var path = question.Subject.Target;
            var before = File.Exists(path) ? TextFile.Decode(await File.ReadAllBytesAsync(path, cancellationToken))?.Text ?? "" : "";
            return Diff(LineDiff.Hunks(before, input.Text("content") ?? ""), width);
        }

        return "  " + string.Join("\n  ", TextWidth.Safe(input.Text("command") ?? input.ToText()).Split('\n').Take(30));
    }
}
