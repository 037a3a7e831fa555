using Ringfence.Agent.Models;
using Ringfence.Agent.Prompt;

namespace Ringfence.Agent.Hosts;

/// <summary>The <c>system</c> lines of the stream: what happens beside what is said.</summary>
internal static class StreamEvents
{
    public static void Write(StreamJson stream, AgentReport report, AgentOptions options)
    {
        switch (report)
        {
            case AgentReport.Requesting when options.IncludePartialMessages && report.Agent is null:
                stream.Line("system", "status", w => w.WriteString("status", "requesting"));
                break;

            case AgentReport.Retrying { Retry: var retry }:
                stream.Line("system", "api_retry", w =>
                {
                    w.WriteNumber("attempt", retry.Attempt);
                    w.WriteNumber("max_retries", retry.MaxRetries);
                    w.WriteNumber("retry_delay_ms", (long)retry.Delay.TotalMilliseconds);
                    StreamJson.Number(w, "error_status", retry.Failure.Status);
                    w.WriteString("error", Kind(retry.Failure));
                });
                break;

            // What a hook or a person refused, they know.
            case AgentReport.Denied { Source: "config" } denied:
                stream.Line("system", "permission_denied", w =>
                {
                    w.WriteString("tool_name", denied.Use.Text("name"));
                    w.WriteString("tool_use_id", denied.Use.Text("id"));

                    if (denied.ReasonType is not null)
                    {
                        w.WriteString("decision_reason_type", denied.ReasonType);
                    }

                    w.WriteString("message", denied.Message);
                });
                break;

            case AgentReport.HookRan hook when options.IncludeHookEvents:
                stream.Line("system", hook.Event.Text("subtype"), w =>
                {
                    foreach (var (name, value) in hook.Event.Where(p => p.Key != "subtype"))
                    {
                        StreamJson.Node(w, name, value);
                    }
                });
                break;

            case AgentReport.Compacted compacted:
                stream.Line("system", "compact_boundary", w =>
                {
                    w.WriteStartObject("compact_metadata");
                    w.WriteString("trigger", compacted.Trigger);
                    w.WriteNumber("pre_tokens", compacted.TokensBefore);
                    w.WriteString("dropped", compacted.Dropped);
                    w.WriteEndObject();
                });
                break;

            case AgentReport.TaskStarted started:
                stream.Line("system", "task_started", w =>
                {
                    w.WriteString("task_id", started.Id);
                    w.WriteString("tool_use_id", started.ToolUseId);
                    w.WriteString("description", started.Description);

                    if (started.Type is not null)
                    {
                        w.WriteString("subagent_type", started.Type);
                    }

                    w.WriteBoolean("is_backgrounded", started.InBackground);
                    w.WriteString("task_type", started.Type is null ? "local_bash" : "local_agent");
                });
                break;

            case AgentReport.TaskEnded ended:
                stream.Line("system", "task_notification", w =>
                {
                    w.WriteString("task_id", ended.Id);
                    w.WriteString("tool_use_id", ended.ToolUseId);
                    w.WriteString("status", ended.Status);
                    w.WriteString("output_file", ended.OutputFile);
                    w.WriteString("summary", ended.Summary);
                });
                break;

            case AgentReport.Notice notice:
                stream.Line("system", "informational", w =>
                {
                    w.WriteString("content", notice.Text);
                    w.WriteString("level", "notice");
                });
                break;
        }
    }

    /// <summary>What went wrong, by the words that programs compare.</summary>
    public static string Kind(ModelFailure failure) => failure.Status switch
    {
        null when failure.Type is "max_output_tokens" => failure.Type,
        null when failure.Type is "refusal" => "invalid_request",
        429 => "rate_limit",
        529 => "overloaded",
        401 or 403 => "authentication_failed",
        >= 500 => "server_error",
        _ => "unknown",
    };
}
