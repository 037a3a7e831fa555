using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ringfence.Agent.Prompt;
using Ringfence.Agent.Tools;

namespace Ringfence.Agent.Hosts;

/// <summary>Says what happens as Claude Code's stream-json does, one object per line. Names here are a contract with other people's programs: add, never rename.</summary>
internal sealed class StreamJson(StandardStreams streams, TimeProvider time, string sessionId, AgentOptions options)
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
                StreamInit.Write(this, started.Session);
                break;

            case AgentReport.Streamed streamed when options.IncludePartialMessages && streamed.Event.Text("type") != "ping":
                Line("stream_event", null, w =>
                {
                    Node(w, "event", streamed.Event);
                    WriteParent(w, report);

                    if (streamed.Event.Text("type") == "message_start")
                    {
                        w.WriteNumber("ttft_ms", streamed.MillisecondsToFirst);
                    }

                    w.WriteString("api_message_id", streamed.MessageId);
                });
                break;

            case AgentReport.Prompted prompted when report.Agent is not null || options.ReplayUserMessages:
                WritePrompted(prompted);
                break;

            // What a sub-agent says is for the one who called it.
            case AgentReport.Spoke spoke when report.Agent is null || options.ForwardSubAgentText || spoke.Block.Text("type") == "tool_use":
                WriteSpoke(spoke);
                break;

            case AgentReport.ToolReturned returned:
                WriteReturned(returned);
                break;

            case AgentReport.Injected injected:
                Line("user", null, w =>
                {
                    WriteMessage(w, "user", new JsonArray(Json.TextBlock(injected.Text)));
                    WriteParent(w, report);
                    WriteTime(w);

                    if (injected.IsOurs)
                    {
                        w.WriteBoolean("isSynthetic", true);
                    }
                });
                break;

            case AgentReport.TurnEnded ended:
                Line("result", ended.Result.Subtype, w => StreamResult.Write(w, ended.Session, ended.Result, results++));
                break;

            default:
                StreamEvents.Write(this, report, options);
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

    private void WriteSpoke(AgentReport.Spoke spoke) => Line("assistant", null, w =>
    {
        var reply = spoke.Reply;
        w.WriteStartObject("message");
        w.WriteString("id", reply.Id);
        w.WriteString("type", "message");
        w.WriteString("role", "assistant");
        w.WriteString("model", reply.Model);
        Node(w, "content", new JsonArray(spoke.Block.DeepClone()));
        w.WriteString("stop_reason", spoke.Failure is null ? null : reply.StopReason);
        w.WriteNull("stop_sequence");
        Node(w, "usage", reply.Usage.ToJson());
        w.WriteEndObject();
        WriteParent(w, spoke);
        WriteTime(w);

        if (reply.RequestId is not null)
        {
            w.WriteString("request_id", reply.RequestId);
        }

        if (spoke.Failure is { } failure)
        {
            w.WriteString("error", StreamEvents.Kind(failure));
            w.WriteBoolean("is_api_error_message", true);

            if (failure.Status is { } status)
            {
                w.WriteNumber("api_error_status", status);
                w.WriteString("api_error_type", failure.Type);
            }
        }
    });

    private void WritePrompted(AgentReport.Prompted prompted) => Line("user", null, w =>
    {
        WriteMessage(w, "user", prompted.Agent is null ? prompted.Said : prompted.Content);
        WriteParent(w, prompted);
        WriteTime(w);

        if (prompted.Agent is null)
        {
            w.WriteBoolean("isReplay", true);
        }
    });

    private void WriteReturned(AgentReport.ToolReturned returned) => Line("user", null, w =>
    {
        WriteMessage(w, "user", new JsonArray(returned.Result.DeepClone()));
        WriteParent(w, returned);
        WriteTime(w);

        // What a sub-agent's tools returned is for the sub-agent; as data it would only be long.
        if (returned.Agent is null)
        {
            Node(w, "tool_use_result", returned.Result.Flag("is_error") is true ? "Error: " + ToolOutput.Text(returned.Result["content"]) : returned.Details);
        }

        if (returned.Decision is { } decision)
        {
            w.WriteStartArray("tool_result_meta");
            w.WriteStartObject();
            w.WriteString("id", returned.Use.Text("id"));
            Node(w, "permission_decision", decision);

            if (decision.Text("decision") == "reject")
            {
                w.WriteString("non_execution_kind", decision.Text("reason_type") is null ? "user-rejected" : "permission-rule");
            }

            w.WriteEndObject();
            w.WriteEndArray();
        }
    });

    private static void WriteMessage(Utf8JsonWriter w, string role, JsonNode content)
    {
        w.WriteStartObject("message");
        w.WriteString("role", role);
        Node(w, "content", content);
        w.WriteEndObject();
    }

    private void WriteTime(Utf8JsonWriter w) => w.WriteString("timestamp", time.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture));

    private static void WriteParent(Utf8JsonWriter w, AgentReport report)
    {
        w.WriteString("parent_tool_use_id", report.ParentToolUseId);

        if (report.Agent is var (id, type))
        {
            w.WriteString("agent_id", id);
            w.WriteString("subagent_type", type);
        }
    }

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
}
