using System.Text.Json.Nodes;

namespace Ringfence.Agent.Tools;

/// <summary>A sub-agent: what it is good for, what it is told, what it may use.</summary>
/// <param name="Tools">Names of its tools; null for all.</param>
internal sealed record SubAgent(string Name, string Description, string Prompt, IReadOnlyList<string>? Tools, string? Model);

/// <summary>Has a part of the work done by another agent with an empty context, and tells what it found.</summary>
internal sealed class TaskTool(IReadOnlyList<SubAgent> agents, Func<SubAgent, ToolCall, CancellationToken, Task<ToolOutput>> run) : Tool
{
    public override string Name => "Task";

    public override string Description =>
        "Has a sub-agent do a part of the work with a context of its own, and returns its last words. It knows nothing of this conversation: tell it everything it needs "
        + "and exactly what to report. Good for wide searches and for parts that do not depend on each other, which run side by side. Agents:\n"
        + string.Join('\n', agents.Select(a => $"- {a.Name}: {a.Description}"));

    public override JsonObject InputSchema { get; } = ToolInput.Schema(
        ("description", "string!", "What it does, in three to five words"),
        ("prompt", "string!", "All that it is told"),
        ("subagent_type", "string!", "Which agent"),
        ("model", "string", "Another model than the agent's own"),
        ("run_in_background", "boolean", "Return at once and let it go on: you are told when it has ended. Default: its answer is waited for"),
        ("resume", "string", "The agentId of an earlier call: that agent goes on with all it knows"));

    // It may run beside others; what it changes itself goes through the same checks as everything else.
    public override bool ReadsOnly => true;

    public override ToolSubject Subject(JsonObject input, Workplace workplace) => new(ToolKind.Internal, input.Text("subagent_type") ?? "");

    public override Task<ToolOutput> RunAsync(ToolCall call, CancellationToken cancellationToken)
    {
        var name = call.Input.Text("subagent_type")!;

        return agents.FirstOrDefault(a => a.Name == name) is { } agent
            ? run(agent, call, cancellationToken)
            : Task.FromResult(ToolOutput.Error($"Agent type '{name}' not found. Available agents: {string.Join(", ", agents.Select(a => a.Name))}"));
    }
}
