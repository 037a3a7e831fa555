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
}
