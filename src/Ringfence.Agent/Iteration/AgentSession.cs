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

    /// <summary>Set for a sub-agent: the call that started it.</summary>
    public string? ParentToolUseId { get; init; }

    /// <summary>Set for a sub-agent: which one it is.</summary>
    public string? AgentType { get; init; }

    /// <summary>What the model shall be told with the next prompt.</summary>
    public string? PendingContext { get; set; }

    public int? ThinkingTokens { get; set; }

    /// <summary>Set where files are kept so that they can be put back.</summary>
    public FileCheckpoints? Checkpoints { get; init; }

    public required McpServers Servers { get; init; }

    public IReadOnlyList<SubAgent> Agents { get; set; } = [];

    /// <summary>What the project's people wrote down, kept to build the system prompt anew.</summary>
    public string Memory { get; init; } = "";

    public IReadOnlyList<string> MemoryPaths { get; init; } = [];

    /// <summary>The colours that the user has chosen for terminals; null leaves it to the terminal.</summary>
    public string? Theme { get; init; }

    /// <summary>Settings by their level, the weakest first.</summary>
    public IReadOnlyList<(string Source, JsonObject Settings)> Settings { get; init; } = [];

    public RunningAgents Running { get; } = new();

    public Guid NewId() => Guid.CreateVersion7(Time.GetUtcNow());

    public required Transcript Transcript { get; init; }

    /// <summary>Tells the host, and the transcript before it: what was shown is never lost.</summary>
    public void Report(AgentReport report)
    {
        var named = report with
        {
            ParentToolUseId = report.ParentToolUseId ?? ParentToolUseId,
            Agent = AgentType is null ? null : (Transcript.AgentId!, AgentType),
            Uuid = report.Uuid == default ? NewId() : report.Uuid,
        };

        Transcript.Record(named);
        Host.Report(named);
    }

    /// <summary>Tools as the model is told of them.</summary>
    public JsonArray DescribeTools() => Tools.Describe();

    /// <summary>The servers to begin with.</summary>
    public IReadOnlyList<McpServerEntry> ConfiguredServers { get; set; } = [];

    public async Task StartAsync(string source, CancellationToken cancellationToken)
    {
        await Servers.AddAsync(ConfiguredServers, cancellationToken);
        Servers.Tell = text => Report(new AgentReport.Notice(text));
        Workplace.Shells.Started = (id, call, command) => Report(new AgentReport.TaskStarted(id, call, command, null, InBackground: true));
        Workplace.Shells.Ended = (id, call, status, command, file) => Report(new AgentReport.TaskEnded(id, call, status, command, file));
        Workplace.Notify = text => Report(new AgentReport.Notice(text));
        var hooks = await Hooks.RunAsync(this, "SessionStart", source, new JsonObject { ["source"] = source }, null, cancellationToken);
        PendingContext = hooks.Context;
    }

    public async Task CloseAsync(string reason)
    {
        await Running.DisposeAsync();
        await Hooks.RunAsync(this, "SessionEnd", reason, new JsonObject { ["reason"] = reason }, null, CancellationToken.None);
        Workplace.Shells.Dispose();
        Transcript.Dispose();

        await Servers.DisposeAsync();
    }
}
