using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ringfence.Agent.Execution.Permissions;
using Ringfence.Agent.Iteration;

namespace Ringfence.Agent.Hosts;

/// <summary>Says what happens as Claude Code's stream-json does, one object per line. Names here are a contract with other people's programs: add, never rename.</summary>
internal sealed class StreamJson(StandardStreams streams, TimeProvider time, string sessionId, bool partials, bool hookEvents)
{
    private readonly Lock gate = new();
    private int results;
    private Guid current;

    public string SessionId { get; set; } = sessionId;

    public void Write(AgentReport report)
    {
        lock (gate)
        {
            current = report.Uuid;
            WriteLine(report);
            current = default;
        }
    }

    private void WriteLine(AgentReport report)
    {
        switch (report)
        {
            case AgentReport.TurnStarted started:
                WriteInit(started.Session);
                break;

            case AgentReport.Requesting when partials && report.ParentToolUseId is null:
                Line("system", "status", w => w.WriteString("status", "requesting"));
                break;

            case AgentReport.Streamed streamed when partials:
                Line("stream_event", null, w =>
                {
                    Node(w, "event", streamed.Event);
                    WriteParent(w, report);
                    w.WriteNumber("ttft_ms", streamed.MillisecondsToFirst);
                    w.WriteString("api_message_id", streamed.MessageId);
                });
                break;

            case AgentReport.Spoke spoke:
                WriteSpoke(spoke);
                break;

            case AgentReport.ToolReturned returned:
                WriteReturned(returned);
                break;

            case AgentReport.Injected injected:
                Line("user", null, w =>
                {
                    WriteMessage(w, "user", [Json.TextBlock(injected.Text)]);
                    WriteParent(w, report);
                });
                break;

            case AgentReport.Retrying { Retry: var retry }:
                Line("system", "api_retry", w =>
                {
                    w.WriteNumber("attempt", retry.Attempt);
                    w.WriteNumber("max_retries", retry.MaxRetries);
                    w.WriteNumber("retry_delay_ms", (long)retry.Delay.TotalMilliseconds);
                    Number(w, "error_status", retry.Failure.Status);
                    w.WriteString("error", Kind(retry.Failure.Status));
                });
                break;

            case AgentReport.Denied denied:
                Line("system", "permission_denied", w =>
                {
                    w.WriteString("tool_name", denied.Use.Text("name"));
                    w.WriteString("tool_use_id", denied.Use.Text("id"));
                    w.WriteString("decision_reason_type", denied.ReasonType);
                    w.WriteString("message", denied.Message);
                });
                break;

            case AgentReport.HookRan hook when hookEvents:
                Line("system", hook.Event.Text("subtype"), w =>
                {
                    foreach (var (name, value) in hook.Event.Where(p => p.Key != "subtype"))
                    {
                        Node(w, name, value);
                    }
                });
                break;

            case AgentReport.Compacted compacted:
                Line("system", "compact_boundary", w =>
                {
                    w.WriteStartObject("compact_metadata");
                    w.WriteString("trigger", compacted.Trigger);
                    w.WriteNumber("pre_tokens", compacted.TokensBefore);
                    w.WriteString("dropped", compacted.Dropped);
                    w.WriteEndObject();
                });
                break;

            case AgentReport.Notice notice:
                Line("system", "informational", w => w.WriteString("content", notice.Text));
                break;

            case AgentReport.TurnEnded ended:
                Line("result", ended.Result.Subtype, w => StreamResult.Write(w, ended.Session, ended.Result, results++));
                break;
        }
    }

    public void Line(string type, string? subtype, Action<Utf8JsonWriter> write) => streams.WriteLine(w =>
    {
        w.WriteString("type", type);

        if (subtype is not null)
        {
            w.WriteString("subtype", subtype);
        }

        write(w);
        w.WriteString("session_id", SessionId);
        w.WriteString("uuid", current == default ? Guid.CreateVersion7(time.GetUtcNow()) : current);
    });

    private void WriteInit(AgentSession session) => Line("system", "init", w =>
    {
        w.WriteString("cwd", session.Workplace.Root);
        Node(w, "tools", Json.Strings(session.Tools.Names));
        w.WriteStartArray("mcp_servers");

        foreach (var (name, status) in session.McpServers)
        {
            w.WriteStartObject();
            w.WriteString("name", name);
            w.WriteString("status", status);
            w.WriteEndObject();
        }

        w.WriteEndArray();
        w.WriteString("model", session.Model);
        w.WriteString("permissionMode", ModeName.Of(session.Permissions.Mode));
        Node(w, "slash_commands", new JsonArray());
        w.WriteString("apiKeySource", session.Endpoint.KeySource);
        w.WriteString("claude_code_version", Program.Version);
        w.WriteString("output_style", "default");
        Node(w, "agents", Json.Strings(session.AgentNames));
        Node(w, "skills", new JsonArray());
        Node(w, "plugins", new JsonArray());
        Node(w, "capabilities", new JsonArray("interrupt_receipt_v1"));
        Node(w, "memory_paths", Json.Strings(session.MemoryPaths));
    });

    private void WriteSpoke(AgentReport.Spoke spoke) => Line("assistant", null, w =>
    {
        var reply = spoke.Reply;
        w.WriteStartObject("message");
        w.WriteString("id", reply.Id);
        w.WriteString("type", "message");
        w.WriteString("role", "assistant");
        w.WriteString("model", reply.Model);
        Node(w, "content", new JsonArray(spoke.Block.DeepClone()));
        w.WriteNull("stop_reason");
        w.WriteNull("stop_sequence");
        Node(w, "usage", reply.Usage.ToJson());
        w.WriteEndObject();
        WriteParent(w, spoke);
        w.WriteString("timestamp", time.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture));

        if (reply.RequestId is not null)
        {
            w.WriteString("request_id", reply.RequestId);
        }
    });

    private void WriteReturned(AgentReport.ToolReturned returned) => Line("user", null, w =>
    {
        WriteMessage(w, "user", new JsonArray(returned.Result.DeepClone()));
        WriteParent(w, returned);
        Node(w, "tool_use_result", returned.Details);

        if (returned.Decision is { } decision)
        {
            w.WriteStartArray("tool_result_meta");
            w.WriteStartObject();
            w.WriteString("id", returned.Use.Text("id"));
            Node(w, "permission_decision", decision);

            if (decision.Text("decision") == "reject")
            {
                w.WriteString("non_execution_kind", decision.Text("source") == "user_reject" ? "user-rejected" : "permission-rule");
            }

            w.WriteEndObject();
            w.WriteEndArray();
        }
    });

    private static void WriteMessage(Utf8JsonWriter w, string role, JsonArray content)
    {
        w.WriteStartObject("message");
        w.WriteString("role", role);
        Node(w, "content", content);
        w.WriteEndObject();
    }

    private static void WriteParent(Utf8JsonWriter w, AgentReport report) => w.WriteString("parent_tool_use_id", report.ParentToolUseId);

    public static void Node(Utf8JsonWriter w, string name, JsonNode? node)
    {
        w.WritePropertyName(name);

        if (node is null)
        {
            w.WriteNullValue();
        }
        else
        {
            node.WriteTo(w);
        }
    }

    public static void Number(Utf8JsonWriter w, string name, int? number)
    {
        if (number is { } there)
        {
            w.WriteNumber(name, there);
        }
        else
        {
            w.WriteNull(name);
        }
    }

    private static string Kind(int? status) => status switch
    {
        429 => "rate_limit",
        529 => "overloaded",
        401 or 403 => "authentication_failed",
        >= 500 => "server_error",
        _ => "unknown",
    };
}
