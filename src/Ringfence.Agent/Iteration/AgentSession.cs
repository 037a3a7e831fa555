using System.Text.Json.Nodes;
using Ringfence.Agent.Context;
using Ringfence.Agent.Execution.Permissions;
using Ringfence.Agent.Hosts;
using Ringfence.Agent.Models;
using Ringfence.Agent.Prompt;
using Ringfence.Agent.Tools;

namespace Ringfence.Agent.Iteration;

/// <summary>Everything one conversation is made of.</summary>
internal sealed class AgentSession : IDisposable
{
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

    public Conversation Conversation { get; } = new();

    /// <summary>Set for a sub-agent.</summary>
    public string? ParentToolUseId { get; init; }

    public int? ThinkingTokens { get; set; }

    public List<(string Name, string Status)> McpServers { get; } = [];

    public List<string> AgentNames { get; } = [];

    public IReadOnlyList<string> MemoryPaths { get; init; } = [];

    public Guid NewId() => Guid.CreateVersion7(Time.GetUtcNow());

    public void Report(AgentReport report) => Host.Report(ParentToolUseId is null ? report : report with { ParentToolUseId = ParentToolUseId });

    /// <summary>Tools as the model is told of them.</summary>
    public JsonArray DescribeTools() => Tools.Describe();

    public void Dispose() => Workplace.Shells.Dispose();
}
