namespace Ringfence.Runs;

/// <summary>
/// The last point from which a run can go on in another process: an agent ended content and its change set was kept. A run that has none starts
/// from its repository again.
/// </summary>
/// <param name="Stage"><see cref="RunStatus.Verifying"/>, or <see cref="RunStatus.Reviewing"/> once the checks have passed.</param>
/// <param name="Attempt">Which attempt the change set is of, from 1.</param>
/// <param name="Session">The agent's own name for its conversation, for the next attempt.</param>
public sealed record RunCheckpoint(RunStatus Stage, int Attempt, string? Session = null);
