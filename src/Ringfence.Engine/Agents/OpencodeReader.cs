using System.Text.Json;

namespace Ringfence.Agents;

/// <summary>
/// opencode's <c>run --format json</c> (1.18.33). There is no result line: a step that finished for another reason than tool calls is its last
/// word, unless an error follows.
/// </summary>
internal sealed class OpencodeReader : AgentEventReader
{
    private bool started;
    private int steps;
    private string? lastText;

    protected override IReadOnlyList<AgentEvent> Parse(ReadOnlySpan<byte> line)
    {
        using var document = JsonDocument.Parse(line.ToArray());
        var root = document.RootElement;
        var said = Said(root);

        if (started || root.Text("sessionID") is not { } session)
        {
            return said;
        }

        started = true;
        return [new AgentEvent.Started(session, null, null), .. said];
    }

    private IReadOnlyList<AgentEvent> Said(JsonElement root)
    {
        switch (root.Text("type"), root.Field("part"))
        {
            case ("step_start", _):
                steps++;
                return [];
            case ("reasoning", _):
                return [];
            case ("text", { } part):
                lastText = part.Text("text");
                return [new AgentEvent.Text(lastText ?? "")];
            case ("tool_use", { } part):
                return Tool(part);
            case ("step_finish", { } part):
                return Finished(part);
            case ("error", _) when root.Field("error") is { } error:
                return [new AgentEvent.Finished(AgentOutcome.Failed, error.ErrorText(), steps)];
            default:
                return [new AgentEvent.Unknown(root.GetRawText())];
        }
    }

    /// <summary>A tool is announced when it has ended.</summary>
    private static IReadOnlyList<AgentEvent> Tool(JsonElement part)
    {
        var id = part.Text("callID") ?? "";
        var state = part.Field("state") ?? default;
        var failed = state.Text("status") == "error" || state.Field("metadata")?.Number("exit") is not (null or 0);

        return
        [
            new AgentEvent.ToolCall(id, part.Text("tool") ?? "?", state.Field("input").Shown()),
            new AgentEvent.ToolResult(id, failed, (state.Field("output") ?? state.Field("error")).Shown()),
        ];
    }

    private IReadOnlyList<AgentEvent> Finished(JsonElement part) => part.Text("reason") switch
    {
        "tool-calls" => [],
        "stop" => [new AgentEvent.Finished(AgentOutcome.Success, lastText, steps)],
        var reason => [new AgentEvent.Finished(AgentOutcome.Failed, $"The model stopped: {reason}.", steps)],
    };
}
