using System.Text.Json;

namespace Ringfence.Agents;

/// <summary>
/// Codex's <c>exec --json</c> (0.169.0). Its last word is <c>turn.completed</c> or <c>turn.failed</c>; usage is cumulative over the thread, across
/// resumes too.
/// </summary>
internal sealed class CodexReader : AgentEventReader
{
    private string? lastMessage;

    protected override IReadOnlyList<AgentEvent> Parse(ReadOnlySpan<byte> line)
    {
        using var document = JsonDocument.Parse(line.ToArray());
        var root = document.RootElement;

        return root.Text("type") switch
        {
            "thread.started" => [new AgentEvent.Started(root.Text("thread_id"), null, null)],
            "turn.started" or "item.updated" => [],
            "item.started" when root.Field("item") is { } item => Started(item),
            "item.completed" when root.Field("item") is { } item => Completed(item),
            "turn.completed" => [.. Usage(root.Field("usage")), new AgentEvent.Finished(AgentOutcome.Success, lastMessage, null)],
            "turn.failed" => [new AgentEvent.Finished(AgentOutcome.Failed, root.Field("error")?.ErrorText(), null)],

            // It goes on after most of these; what ends it is told by turn.failed.
            "error" => [new AgentEvent.Warning(root.ErrorText())],
            _ => [new AgentEvent.Unknown(root.GetRawText())],
        };
    }

    private static IReadOnlyList<AgentEvent> Started(JsonElement item) => item.Text("type") switch
    {
        "command_execution" => [new AgentEvent.ToolCall(Id(item), "command", Command(item))],
        "mcp_tool_call" => [new AgentEvent.ToolCall(Id(item), $"{item.Text("server")}.{item.Text("tool")}", item.Field("arguments").Shown())],
        "web_search" => [new AgentEvent.ToolCall(Id(item), "web_search", item.Field("query").Shown())],
        _ => [],
    };

    private IReadOnlyList<AgentEvent> Completed(JsonElement item)
    {
        switch (item.Text("type"))
        {
            case "agent_message":
                lastMessage = item.Text("text");
                return [new AgentEvent.Text(lastMessage ?? "")];
            case "command_execution":
                return [new AgentEvent.ToolResult(Id(item), item.Text("status") == "failed" || item.Number("exit_code") is not (null or 0), item.Field("aggregated_output").Shown())];
            case "file_change":
                // Announced only when it is done.
                return
                [
                    new AgentEvent.ToolCall(Id(item), "apply_patch", item.GetRawText()),
                    new AgentEvent.ToolResult(Id(item), item.Text("status") == "failed", item.Text("status") ?? ""),
                ];
            case "mcp_tool_call":
                return [new AgentEvent.ToolResult(Id(item), item.Text("status") == "failed", (item.Field("result") ?? item.Field("error")).Shown())];
            case "error":
                return [new AgentEvent.Warning(item.ErrorText())];
            case "web_search":
                return [new AgentEvent.ToolResult(Id(item), false, "")];
            case "reasoning" or "todo_list" or "collab_tool_call":
                return [];
            default:
                return [new AgentEvent.Unknown(item.GetRawText())];
        }
    }

    private static IEnumerable<AgentEvent> Usage(JsonElement? usage) =>
        usage is { } used ? [new AgentEvent.Used(used.Long("input_tokens"), used.Long("output_tokens"))] : [];

    private static string Id(JsonElement item) => item.Text("id") ?? "";

    private static string Command(JsonElement item) => "{\"command\":" + (item.Field("command")?.GetRawText() ?? "null") + "}";
}
