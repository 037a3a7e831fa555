namespace Ringfence.Runs;

/// <summary>How a run goes on from an ended one: its files, its conversation, and what the agent is told now.</summary>
/// <param name="Run">The ended run. What it changed is what this one begins with.</param>
/// <param name="Session">The agent's own name for the conversation; null for an agent that keeps none, or never said its name.</param>
/// <param name="Instruction">What the agent is told first.</param>
public sealed record RunContinuation(string Run, string? Session, string Instruction);
