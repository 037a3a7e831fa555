using System.Text.Json.Nodes;
using Ringfence.Agent.Context;
using Ringfence.Agent.Execution.Hooks;
using Ringfence.Agent.Execution.Mcp;
using Ringfence.Agent.Execution.Permissions;
using Ringfence.Agent.Hosts;
using Ringfence.Agent.Models;
using Ringfence.Agent.Prompt;
using Ringfence.Agent.Tools;

namespace Ringfence.Agent.Iteration;

/// <summary>Everything one conversation is made of.</summary>
internal sealed class AgentSession
{
    private readonly List<IMcpServer> servers = [];

    public required string Id { get; init; }

    public required AgentOptions Options { get; init; }

    public required string Model { get; set; }

    public required Workplace Workplace { get; init; }

    public required PermissionPolicy Permissions { get; init; }

    public required ToolBox Tools { get; init; }

    public required Spending Spending { get; init; }

    public required ModelCaller Models { get; init; }

    public required ModelEndpoint Endpoint { get; init; }

    public required IAgentHost Host { get; init; }

    public required SystemPrompt System { get; set; }

    public required TimeProvider Time { get; init; }

    public HookSet Hooks { get; init; } = new();

    public Conversation Conversation { get; } = new();

    /// <summary>Set for a sub-agent.</summary>
    public string? ParentToolUseId { get; init; }

    /// <summary>What the model shall be told with the next prompt.</summary>
    public string? PendingContext { get; set; }

    public int? ThinkingTokens { get; set; }

    public List<(string Name, string Status)> McpServers { get; } = [];

    public List<string> AgentNames { get; } = [];

    /// <summary>What the project's people wrote down, kept to build the system prompt anew.</summary>
    public string Memory { get; init; } = "";

    public IReadOnlyList<string> MemoryPaths { get; init; } = [];

    public Guid NewId() => Guid.CreateVersion7(Time.GetUtcNow());

    public required Transcript Transcript { get; init; }

    /// <summary>Tells the host, and the transcript before it: what was shown is never lost.</summary>
    public void Report(AgentReport report)
    {
        var named = report with { ParentToolUseId = report.ParentToolUseId ?? ParentToolUseId, Uuid = report.Uuid == default ? NewId() : report.Uuid };
        Transcript.Record(named);
        Host.Report(named);
    }

    /// <summary>Tools as the model is told of them.</summary>
    public JsonArray DescribeTools() => Tools.Describe();

    public async Task AddServerAsync(IMcpServer server, Func<Task<IReadOnlyList<McpToolInfo>>> list)
    {
        servers.Add(server);

        try
        {
            foreach (var tool in await list())
            {
                Tools.Add(new McpTool(server, tool));
            }

            McpServers.Add((server.Name, "connected"));
        }
        catch (McpException e)
        {
            // A missing server costs its tools, not the session; what happened to it is in the first event.
            McpServers.Add((server.Name, "failed"));
            StandardStreams.WriteError($"MCP server {server.Name}: {e.Message}");
        }
    }

    public IReadOnlyList<McpServerConfig> ConfiguredServers { get; set; } = [];

    public async Task StartAsync(string source, CancellationToken cancellationToken)
    {
        // Side by side: a slow server holds nobody else up.
        foreach (var connecting in ConfiguredServers.Select(s => new ConnectedMcpServer(s, Workplace.Root)).Select(s => (s, s.ListToolsAsync(cancellationToken))).ToArray())
        {
            await AddServerAsync(connecting.s, () => connecting.Item2);
        }

        Workplace.Notify = text => Report(new AgentReport.Notice(text));
        var hooks = await Hooks.RunAsync(this, "SessionStart", source, new JsonObject { ["source"] = source }, null, cancellationToken);
        PendingContext = hooks.Context;
    }

    public async Task CloseAsync(string reason)
    {
        await Hooks.RunAsync(this, "SessionEnd", reason, new JsonObject { ["reason"] = reason }, null, CancellationToken.None);
        Workplace.Shells.Dispose();
        Transcript.Dispose();

        foreach (var server in servers)
        {
            await server.DisposeAsync();
        }
    }
}
