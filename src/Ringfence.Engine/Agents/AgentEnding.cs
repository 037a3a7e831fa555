using Ringfence.Runs;

namespace Ringfence.Agents;

/// <summary>How one start of an agent ended.</summary>
/// <param name="Session">The agent's own name for its conversation, to resume it.</param>
/// <param name="Said">Its last words.</param>
/// <param name="Stop">Why the run cannot go on; null when the agent ended content.</param>
public sealed record AgentEnding(string? Session, string? Said, AgentStop? Stop);

/// <param name="Failure">What the boundary saw, with the agent's own words where it had some.</param>
public sealed record AgentStop(FailReason Reason, Failure Failure);
