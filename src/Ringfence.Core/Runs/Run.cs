namespace Ringfence.Runs;

/// <summary>One execution, as the store has it.</summary>
public sealed record Run
{
    public required RunId Id { get; init; }

    public required RunRequest Request { get; init; }

    public RunStatus Status { get; init; }

    /// <summary>Why it failed; null unless <see cref="Status"/> is <see cref="RunStatus.Failed"/>.</summary>
    public FailReason? Reason { get; init; }

    /// <summary>The ending in one sentence, for people.</summary>
    public string? Message { get; init; }

    /// <summary>What could be done about it; null when nothing is known.</summary>
    public string? Hint { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    public string? BaseCommit { get; init; }

    /// <summary>Git tree of the change set, kept after every ending that came as far as a workspace.</summary>
    public string? Tree { get; init; }

    /// <summary>See <see cref="Workspaces.ChangeSet.Digest"/>.</summary>
    public string? ChangeDigest { get; init; }

    /// <summary>Branch or file that the output went to.</summary>
    public string? Published { get; init; }

    public Money Cost { get; init; }

    public int Turns { get; init; }

    /// <summary>Which process works on it: machine boot, process id and start time.</summary>
    public string? Worker { get; init; }

    public string? CancelRequestedBy { get; init; }

    public DateTimeOffset? CancelRequestedAt { get; init; }

    /// <summary>When a process first began to work on it.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>True when it goes on by itself after its process died: whoever asked was told that it is accepted, and may be gone.</summary>
    public bool IsDurable { get; init; }

    /// <summary>How often a process took it up: 1 for a run that was never interrupted.</summary>
    public int Starts { get; init; }

    /// <summary>Time that earlier starts used of <see cref="RunLimits.Time"/>.</summary>
    public TimeSpan Worked { get; init; }

    public RunCheckpoint? Checkpoint { get; init; }
}
