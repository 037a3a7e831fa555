using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ringfence.Sandboxes;

namespace Ringfence.Agents;

/// <summary>
/// The client's side of Agent Client Protocol v1: one session, one prompt, its stop reason. Every permission is granted, because the walls of the
/// sandbox hold and not the agent's own questions. It offers no file or terminal methods: agents work inside by themselves, and what runs outside
/// at an agent's wish would be a hole.
/// </summary>
internal sealed class AcpConversation(string prompt, string? resume) : AgentEventReader
{
    private readonly StringBuilder text = new();
    private readonly HashSet<string> open = [];
    private Expect waitingFor = Expect.Initialized;
    private string? session = resume;
    private string? lastText;
    private bool loads;

    private enum Expect
    {
        Initialized = 1,
        Session,
        Stop,
        Nothing,
    }

    public override bool IsConversation => true;

    public override void Open(string? input) => Ask(new JsonObject
    {
        ["protocolVersion"] = 1,
        ["clientCapabilities"] = new JsonObject { ["fs"] = new JsonObject { ["readTextFile"] = false, ["writeTextFile"] = false }, ["terminal"] = false },
        ["clientInfo"] = new JsonObject { ["name"] = "ringfence", ["version"] = typeof(AcpConversation).Assembly.GetName().Version!.ToString(3) },
    }, "initialize");

    public override IReadOnlyList<AgentEvent> End() => [.. Flush(), .. base.End()];

    protected override IReadOnlyList<AgentEvent> Parse(ReadOnlySpan<byte> line)
    {
        using var document = JsonDocument.Parse(line.ToArray());
        var root = document.RootElement;

        if (root.Text("method") is not { } method)
        {
            return Answered(root);
        }

        var parameters = root.Field("params") ?? default;

        if (root.Field("id") is { } id)
        {
            return Asked(method, id, parameters);
        }

        // While an old session is loaded, its history is told again: it is on the record of the attempt in which it happened.
        return method == "session/update" && waitingFor == Expect.Stop && parameters.Field("update") is { } update ? Updated(update) : [];
    }

    private IReadOnlyList<AgentEvent> Answered(JsonElement root)
    {
        // Some agents print a line of text before they speak the protocol; it is not an answer.
        if (root.Number("id") != (int)waitingFor || waitingFor == Expect.Nothing)
        {
            return [new AgentEvent.Unknown(root.GetRawText())];
        }

        if (root.Field("error") is { } error)
        {
            return Finish(AgentOutcome.Failed, error.Field("data")?.Text("details") ?? error.ErrorText());
        }

        var result = root.Field("result") ?? default;

        switch (waitingFor)
        {
            case Expect.Initialized:
                loads = result.Field("agentCapabilities")?.IsTrue("loadSession") ?? false;
                waitingFor = Expect.Session;
                Ask(SessionParameters(), session is null ? "session/new" : "session/load");
                return [];

            case Expect.Session:
                session ??= result.Text("sessionId");
                waitingFor = Expect.Stop;
                Ask(new JsonObject { ["sessionId"] = session, ["prompt"] = new JsonArray(new JsonObject { ["type"] = "text", ["text"] = prompt }) }, "session/prompt");

                // A session that cannot be loaded again is not one to go on with.
                return [new AgentEvent.Started(loads ? session : null, result.Field("models")?.Text("currentModelId"), null)];

            default:
                return Finish(
                    result.Text("stopReason") switch
                    {
                        "end_turn" => AgentOutcome.Success,
                        "max_turn_requests" => AgentOutcome.MaxTurns,
                        "cancelled" => AgentOutcome.Interrupted,
                        _ => AgentOutcome.Failed,
                    },
                    result.Text("stopReason") is "end_turn" ? null : $"The agent stopped: {result.Text("stopReason") ?? "without a reason"}.");
        }
    }

    private IReadOnlyList<AgentEvent> Asked(string method, JsonElement id, JsonElement parameters)
    {
        if (method != "session/request_permission")
        {
            Send(new JsonObject { ["id"] = Copy(id), ["error"] = new JsonObject { ["code"] = -32601, ["message"] = $"Method not found: {method}" } });
            return [];
        }

        var option = parameters.Field("options") is { ValueKind: JsonValueKind.Array } options
            ? options.EnumerateArray().Where(o => o.Text("kind") is "allow_once" or "allow_always").OrderBy(o => o.Text("kind"), StringComparer.Ordinal)
                .Select(o => o.Text("optionId")).FirstOrDefault()
            : null;

        var outcome = option is null
            ? new JsonObject { ["outcome"] = "cancelled" }
            : new JsonObject { ["outcome"] = "selected", ["optionId"] = option };

        Send(new JsonObject { ["id"] = Copy(id), ["result"] = new JsonObject { ["outcome"] = outcome } });

        // Some agents ask first and tell afterwards, others the other way round.
        return parameters.Field("toolCall") is { } call ? [.. Flush(), .. Called(call)] : [];
    }

    private IReadOnlyList<AgentEvent> Updated(JsonElement update)
    {
        switch (update.Text("sessionUpdate"))
        {
            case "agent_message_chunk":
                text.Append(update.Field("content")?.Text("text"));
                return [];
            case "tool_call" or "tool_call_update":
                return [.. Flush(), .. Called(update), .. Returned(update)];
            case "notice":
                return [.. Flush(), new AgentEvent.Warning(update.Text("message") ?? update.GetRawText())];
            case "user_message_chunk" or "agent_thought_chunk" or "plan" or "available_commands_update" or "current_mode_update"
                or "config_option_update" or "session_info_update" or "usage_update" or "compaction_update" or "compaction_summary_chunk":
                return [];
            default:
                return [.. Flush(), new AgentEvent.Unknown(update.GetRawText())];
        }
    }

    private IReadOnlyList<AgentEvent> Called(JsonElement call)
    {
        // A pending call is announced before its input is known; it is told with the next word about it.
        if (call.Text("toolCallId") is not { } id || (call.Text("status") == "pending" && IsEmpty(call.Field("rawInput"))) || !open.Add(id))
        {
            return [];
        }

        var input = IsEmpty(call.Field("rawInput")) ? call.Field("title") ?? call.Field("locations") : call.Field("rawInput");
        return [new AgentEvent.ToolCall(id, call.Text("kind") ?? call.Text("title") ?? "tool", input.Shown())];
    }

    private static bool IsEmpty(JsonElement? input) => input is null or { ValueKind: JsonValueKind.Object } && (input is not { } value || !value.EnumerateObject().Any());

    private static IReadOnlyList<AgentEvent> Returned(JsonElement call) =>
        call.Text("status") is "completed" or "failed" && call.Text("toolCallId") is { } id
            ? [new AgentEvent.ToolResult(id, call.Text("status") == "failed", Content(call))]
            : [];

    private static string Content(JsonElement call)
    {
        if (call.Field("content") is not { ValueKind: JsonValueKind.Array } blocks)
        {
            return call.Field("rawOutput").Shown();
        }

        return string.Join('\n', blocks.EnumerateArray().Select(block => block.Text("type") switch
        {
            "content" => block.Field("content")?.Text("text") ?? "",
            "diff" => $"[diff of {block.Text("path")}]",
            var kind => $"[{kind}]",
        }));
    }

    private IReadOnlyList<AgentEvent> Finish(AgentOutcome outcome, string? message)
    {
        waitingFor = Expect.Nothing;
        Close();
        return [.. Flush(), new AgentEvent.Finished(outcome, message ?? lastText, null)];
    }

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

    private JsonObject SessionParameters()
    {
        var parameters = new JsonObject { ["cwd"] = SandboxPaths.Workspace, ["mcpServers"] = new JsonArray() };

        if (session is not null)
        {
            parameters["sessionId"] = session;
        }

        return parameters;
    }

    private void Ask(JsonObject parameters, string method) => Send(new JsonObject { ["id"] = (int)waitingFor, ["method"] = method, ["params"] = parameters });

    private void Send(JsonObject message)
    {
        message["jsonrpc"] = "2.0";
        Say(message.ToJsonString() + "\n");
    }

    private static JsonNode? Copy(JsonElement element) => JsonNode.Parse(element.GetRawText());
}
