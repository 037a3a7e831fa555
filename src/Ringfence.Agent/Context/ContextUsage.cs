using System.Globalization;
using System.Text.Json.Nodes;
using Ringfence.Agent.Iteration;

namespace Ringfence.Agent.Context;

/// <summary>What fills the model's window, by source. Estimated at four bytes a token where the provider has not counted.</summary>
internal static class ContextUsage
{
    private const int BytesPerToken = 4;

    public sealed record Part(string Name, long Tokens);

    public static (IReadOnlyList<Part> Parts, long Total, int Window) Measure(AgentSession session)
    {
        var system = Conversation.Bytes(session.System.Blocks) - Conversation.Bytes([session.Memory]);
        var (results, said) = (0L, 0L);

        foreach (var message in session.Conversation.Messages)
        {
            var inResults = message.Content.Where(b => b.Text("type") == "tool_result").Sum(b => (long)b!.ToText().Length);
            results += inResults;
            said += Math.Max(0, message.Length - inResults);
        }

        var own = session.Tools.All.Where(t => !t.Name.StartsWith("mcp__", StringComparison.Ordinal)).Sum(t => (long)t.ToJson().ToText().Length);
        var mcp = session.Tools.All.Where(t => t.Name.StartsWith("mcp__", StringComparison.Ordinal)).Sum(t => (long)t.ToJson().ToText().Length);

        Part[] parts =
        [
            new("System prompt", system / BytesPerToken), new("Instructions (CLAUDE.md, AGENTS.md)", Conversation.Bytes([session.Memory]) / BytesPerToken),
            new("Tools", own / BytesPerToken), new("MCP tools", mcp / BytesPerToken), new("Tool results", results / BytesPerToken), new("Conversation", said / BytesPerToken),
        ];

        return (parts, session.Conversation.Tokens > 0 ? session.Conversation.Tokens : parts.Sum(p => p.Tokens), PriceTable.Of(session.Model).ContextWindow);
    }

    public static string Describe(AgentSession session)
    {
        var (parts, total, window) = Measure(session);
        var lines = parts.Select(p => string.Create(CultureInfo.InvariantCulture, $"{p.Name}: {p.Tokens} tokens"));
        return string.Join('\n', lines.Append(string.Create(CultureInfo.InvariantCulture, $"{total} of {window} tokens")));
    }

    public static JsonObject Of(AgentSession session)
    {
        var (parts, total, window) = Measure(session);

        return new JsonObject
        {
            ["categories"] = new JsonArray(
            [
                .. parts.Select(p => new JsonObject { ["name"] = p.Name, ["tokens"] = p.Tokens, ["color"] = "inactive", ["kind"] = "used" }),
                new JsonObject { ["name"] = "Free space", ["tokens"] = Math.Max(0, window - total), ["color"] = "inactive", ["kind"] = "free" },
            ]),
            ["totalTokens"] = total, ["maxTokens"] = window, ["rawMaxTokens"] = window, ["percentage"] = Math.Round(100.0 * total / window, 1), ["gridRows"] = new JsonArray(),
            ["model"] = session.Model,
            ["memoryFiles"] = new JsonArray([.. session.MemoryPaths.Select(p => new JsonObject { ["path"] = p, ["type"] = "Project", ["tokens"] = Tokens(new FileInfo(p)) })]),
            ["mcpTools"] = new JsonArray([.. session.Servers.All.SelectMany(s => s.Tools.Select(t => new JsonObject
            {
                ["name"] = t.Name, ["serverName"] = s.Name, ["tokens"] = t.ToJson().ToText().Length / BytesPerToken, ["isLoaded"] = true,
            }))]),
            ["agents"] = new JsonArray([.. session.Agents.Select(a => new JsonObject
            {
                ["agentType"] = a.Name, ["source"] = "session", ["tokens"] = (a.Name.Length + a.Description.Length) / BytesPerToken,
            })]),
            ["isAutoCompactEnabled"] = true, ["apiUsage"] = null,
        };
    }

    private static long Tokens(FileInfo file) => file.Exists ? file.Length / BytesPerToken : 0;
}
