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

        return (root.Text("type"), root.Text("subtype")) switch
        {
            ("system", "init") => [new AgentEvent.Started(root.Text("session_id"), root.Text("model"), root.Text("claude_code_version"))],
            ("system", "api_retry") => [new AgentEvent.Retry(root.Number("attempt") ?? 0, root.Text("error") ?? "unknown")],
            ("system", "permission_denied") => [new AgentEvent.Denied(root.Text("tool_name") ?? "?", root.Text("message") ?? "")],
            ("system" or "stream_event" or "control_response" or "keep_alive", _) => [],
            ("assistant", _) => [.. Blocks(root).Select(Spoken).OfType<AgentEvent>()],
            ("user", _) => [.. Blocks(root).Select(Returned).OfType<AgentEvent>()],
            ("result", var subtype) => [.. Usage(root), Finished(root, subtype)],
            _ => [new AgentEvent.Unknown(root.GetRawText())],
        };
    }

    private static IEnumerable<JsonElement> Blocks(JsonElement root) =>
        root.TryGetProperty("message", out var message) && message.TryGetProperty("content", out var content)
        && content.ValueKind == JsonValueKind.Array
            ? content.EnumerateArray()
            : [];

    private static AgentEvent? Spoken(JsonElement block) => block.Text("type") switch
    {
        "text" => new AgentEvent.Text(block.Text("text") ?? ""),
        "tool_use" => new AgentEvent.ToolCall(
            block.Text("id") ?? "", block.Text("name") ?? "?", block.TryGetProperty("input", out var input) ? input.GetRawText() : "{}"),
        _ => null,
    };

    private static AgentEvent.ToolResult? Returned(JsonElement block) => block.Text("type") != "tool_result" ? null : new AgentEvent.ToolResult(
        block.Text("tool_use_id") ?? "",
        block.IsTrue("is_error"),
        block.TryGetProperty("content", out var content) ? Flatten(content) : "");

    private static IEnumerable<AgentEvent> Usage(JsonElement root) =>
        root.Field("usage") is { } used
            ? [new AgentEvent.Used(
                used.Long("input_tokens") + used.Long("cache_read_input_tokens") + used.Long("cache_creation_input_tokens"), used.Long("output_tokens"))]
            : [];

    private static AgentEvent.Finished Finished(JsonElement root, string? subtype)
    {
        var failed = root.IsTrue("is_error");
        var outcome = (subtype, failed) switch
        {
            ("error_max_turns", _) => AgentOutcome.MaxTurns,
            ("error_max_budget_usd", _) => AgentOutcome.MaxCost,
            ("error_during_execution", _) when root.Text("terminal_reason") == "aborted_streaming" => AgentOutcome.Interrupted,
            ("success", false) => AgentOutcome.Success,
            _ => AgentOutcome.Failed,
        };

        var message = root.Text("result")
            ?? (root.TryGetProperty("errors", out var errors) && errors.ValueKind == JsonValueKind.Array
                ? string.Join("; ", errors.EnumerateArray().Select(e => e.ToString()))
                : root.Field("error")?.ErrorText());

        return new AgentEvent.Finished(outcome, message, root.Number("num_turns"));
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
            text.Append(block.Text("text") ?? $"[{block.Text("type")}]");
        }

        return text.ToString();
    }
}
