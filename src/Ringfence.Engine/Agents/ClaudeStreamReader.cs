using System.Text;
using System.Text.Json;

namespace Ringfence.Agents;

/// <summary>
/// Claude Code's <c>stream-json</c>, which ringfence-agent and Qwen Code speak too. An API failure comes as <c>subtype: success</c> with
/// <c>is_error: true</c> (observed with 2.1.329), so only <c>is_error</c> is believed.
/// </summary>
internal sealed class ClaudeStreamReader : AgentEventReader
{
    protected override IReadOnlyList<AgentEvent> Parse(ReadOnlySpan<byte> line)
    {
        using var document = JsonDocument.Parse(line.ToArray());
        var root = document.RootElement;

        return (Text(root, "type"), Text(root, "subtype")) switch
        {
            ("system", "init") => [new AgentEvent.Started(Text(root, "session_id"), Text(root, "model"), Text(root, "claude_code_version"))],
            ("system", "api_retry") => [new AgentEvent.Retry(Number(root, "attempt") ?? 0, Text(root, "error") ?? "unknown")],
            ("system", "permission_denied") => [new AgentEvent.Denied(Text(root, "tool_name") ?? "?", Text(root, "message") ?? "")],
            ("system" or "stream_event" or "control_response" or "keep_alive", _) => [],
            ("assistant", _) => [.. Blocks(root).Select(Spoken).OfType<AgentEvent>()],
            ("user", _) => [.. Blocks(root).Select(Returned).OfType<AgentEvent>()],
            ("result", var subtype) => [Finished(root, subtype)],
            _ => [new AgentEvent.Unknown(root.GetRawText())],
        };
    }

    private static IEnumerable<JsonElement> Blocks(JsonElement root) =>
        root.TryGetProperty("message", out var message) && message.TryGetProperty("content", out var content)
        && content.ValueKind == JsonValueKind.Array
            ? content.EnumerateArray()
            : [];

    private static AgentEvent? Spoken(JsonElement block) => Text(block, "type") switch
    {
        "text" => new AgentEvent.Text(Text(block, "text") ?? ""),
        "tool_use" => new AgentEvent.ToolCall(
            Text(block, "id") ?? "", Text(block, "name") ?? "?", block.TryGetProperty("input", out var input) ? input.GetRawText() : "{}"),
        _ => null,
    };

    private static AgentEvent.ToolResult? Returned(JsonElement block) => Text(block, "type") != "tool_result" ? null : new AgentEvent.ToolResult(
        Text(block, "tool_use_id") ?? "",
        block.TryGetProperty("is_error", out var error) && error.ValueKind == JsonValueKind.True,
        block.TryGetProperty("content", out var content) ? Flatten(content) : "");

    private static AgentEvent.Finished Finished(JsonElement root, string? subtype)
    {
        var failed = root.TryGetProperty("is_error", out var error) && error.ValueKind == JsonValueKind.True;
        var outcome = (subtype, failed) switch
        {
            ("error_max_turns", _) => AgentOutcome.MaxTurns,
            ("error_max_budget_usd", _) => AgentOutcome.MaxCost,
            ("error_during_execution", _) when Text(root, "terminal_reason") == "aborted_streaming" => AgentOutcome.Interrupted,
            ("success", false) => AgentOutcome.Success,
            _ => AgentOutcome.Failed,
        };

        var message = Text(root, "result")
            ?? (root.TryGetProperty("errors", out var errors) && errors.ValueKind == JsonValueKind.Array
                ? string.Join("; ", errors.EnumerateArray().Select(e => e.ToString()))
                : null);

        return new AgentEvent.Finished(outcome, message, Number(root, "num_turns"));
    }

    /// <summary>A tool result is a text or a list of blocks, of which only texts can be shown.</summary>
    private static string Flatten(JsonElement content)
    {
        if (content.ValueKind != JsonValueKind.Array)
        {
            return content.ToString();
        }

        var text = new StringBuilder();

        foreach (var block in content.EnumerateArray())
        {
            text.Append(Text(block, "text") ?? $"[{Text(block, "type")}]");
        }

        return text.ToString();
    }

    private static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    private static int? Number(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.TryGetInt32(out var number) ? number : null;
}
