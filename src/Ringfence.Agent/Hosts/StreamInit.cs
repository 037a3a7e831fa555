using System.Text.Json.Nodes;
using Ringfence.Agent.Execution.Permissions;
using Ringfence.Agent.Iteration;
using Ringfence.Agent.Prompt;

namespace Ringfence.Agent.Hosts;

/// <summary>The first line of every turn: what there is.</summary>
internal static class StreamInit
{
    public static void Write(StreamJson stream, AgentSession session) => stream.Line("system", "init", w =>
    {
        w.WriteString("cwd", session.Workplace.Root);
        w.WriteString("original_cwd", session.Workplace.Root);
        StreamJson.Node(w, "additional_directories", Json.Strings(session.Workplace.AdditionalDirectories));
        StreamJson.Node(w, "tools", Json.Strings(session.Tools.Names));
        w.WriteStartArray("mcp_servers");

        foreach (var server in session.Servers.All)
        {
            w.WriteStartObject();
            w.WriteString("name", server.Name);
            w.WriteString("status", server.Status);
            w.WriteString("source", server.Scope);
            w.WriteEndObject();
        }

        w.WriteEndArray();
        w.WriteString("model", session.Model);
        w.WriteString("permissionMode", ModeName.Of(session.Permissions.Mode));
        StreamJson.Node(w, "slash_commands", Json.Strings(PromptCommand.Names));
        w.WriteString("apiKeySource", session.Endpoint.KeySource);
        w.WriteString("claude_code_version", Program.Version);
        w.WriteString("output_style", "default");
        StreamJson.Node(w, "agents", Json.Strings(session.Agents.Select(a => a.Name)));
        StreamJson.Node(w, "skills", new JsonArray());
        StreamJson.Node(w, "plugins", new JsonArray());
        StreamJson.Node(w, "capabilities", new JsonArray("interrupt_receipt_v1", "interrupt_cancel_queued_v1", "mcp_read_resource_v1"));
        StreamJson.Node(w, "memory_paths", new JsonObject { ["files"] = Json.Strings(session.MemoryPaths) });
    });
}
