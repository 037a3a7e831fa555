namespace Ringfence.Agents;

/// <summary>What an agent says of itself in its event stream: a claim, for the live view and as <c>reported</c> events.</summary>
public abstract record AgentEvent
{
    public sealed record Started(string? SessionId, string? Model, string? Version) : AgentEvent;

    public sealed record Text(string Content) : AgentEvent;

    public sealed record ToolCall(string Id, string Tool, string Input) : AgentEvent;

    public sealed record ToolResult(string Id, bool IsError, string Output) : AgentEvent;

    public sealed record Retry(int Attempt, string Reason) : AgentEvent;

    public sealed record Denied(string Tool, string Reason) : AgentEvent;

    /// <summary>Something that went wrong but did not end the agent.</summary>
    public sealed record Warning(string Message) : AgentEvent;

    /// <summary>What it believes to have used. The gateway's meter is the fact.</summary>
    public sealed record Used(long InputTokens, long OutputTokens) : AgentEvent;

    /// <summary>The agent's last word. <see cref="Outcome"/> is its claim, never the run's result.</summary>
    public sealed record Finished(AgentOutcome Outcome, string? Message, int? Turns) : AgentEvent;

    /// <summary>A line that the description does not know: tolerated and counted, because agents change weekly.</summary>
    public sealed record Unknown(string Line) : AgentEvent;
}

public enum AgentOutcome
{
    Success,
    Failed,
    MaxTurns,
    MaxCost,
    Interrupted,
    Unknown,
}
