using Ringfence.Workspaces;

namespace Ringfence.Runs;

/// <summary>How a run's pipeline ended. Every ending carries the change set when there is one.</summary>
public abstract record RunOutcome(ChangeSet? Changes)
{
    /// <param name="Published">Where the output went: a branch or a file; null when nothing was to leave.</param>
    public sealed record Completed(ChangeSet? Changes, string? Published) : RunOutcome(Changes);

    public sealed record Failed(FailReason Reason, Failure Failure, ChangeSet? Changes = null) : RunOutcome(Changes);

    /// <summary>Not an ending: people are asked, and nothing is held meanwhile.</summary>
    /// <param name="Digest">Of exactly what they are shown.</param>
    public sealed record Waiting(Approvals.ApprovalKind Kind, string Digest, ChangeSet? Changes = null) : RunOutcome(Changes);

    public sealed record Cancelled(string By, ChangeSet? Changes = null) : RunOutcome(Changes);
}
