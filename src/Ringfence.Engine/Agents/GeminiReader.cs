using System.Text;
using System.Text.Json;

namespace Ringfence.Agents;

/// <summary>Gemini CLI's <c>stream-json</c> (0.61.0). Its text comes in pieces, which are joined until something else comes.</summary>
internal sealed class GeminiReader : AgentEventReader
{
    private readonly StringBuilder text = new();
    private string? lastText;

    public override IReadOnlyList<AgentEvent> End() => [.. Flush(), .. base.End()];

    protected override IReadOnlyList<AgentEvent> Parse(ReadOnlySpan<byte> line)
    {
        using var document = JsonDocument.Parse(line.ToArray());
        var root = document.RootElement;

        if (root.Text("type") == "message")
        {
            return Message(root);
        }

        return [.. Flush(), Other(root)];
    }

    private IReadOnlyList<AgentEvent> Message(JsonElement root)
    {
        if (root.Text("role") == "user")
        {
            return [];
        }

        var flushed = root.IsTrue("delta") ? [] : Flush();
        text.Append(root.Text("content"));
        return flushed;
    }

    private AgentEvent Other(JsonElement root) => root.Text("type") switch
    {
        "init" => new AgentEvent.Started(root.Text("session_id"), root.Text("model"), null),
        "tool_use" => new AgentEvent.ToolCall(root.Text("tool_id") ?? "", root.Text("tool_name") ?? "?", root.Field("parameters").Shown()),
        "tool_result" => new AgentEvent.ToolResult(
            root.Text("tool_id") ?? "", root.Text("status") != "success", root.Field("error")?.ErrorText() ?? root.Field("output").Shown()),
        "error" => new AgentEvent.Warning(root.ErrorText()),
        "result" when root.Text("status") == "success" => new AgentEvent.Finished(AgentOutcome.Success, lastText, null),
        "result" => Failed(root.Field("error")),
        _ => new AgentEvent.Unknown(root.GetRawText()),
    };

    private static AgentEvent.Finished Failed(JsonElement? error) => new(
        error?.Text("type") == "FatalTurnLimitedError" ? AgentOutcome.MaxTurns : AgentOutcome.Failed, error?.ErrorText(), null);

    private IReadOnlyList<AgentEvent> Flush()
    {
        if (text.Length == 0)
        {
            return [];
        }

        lastText = text.ToString();
        text.Clear();
        return [new AgentEvent.Text(lastText)];
    }
}
