namespace Ringfence.Runs;

/// <summary>The state machine of a run, as a table. Stores and endpoints ask it; nobody else compares states.</summary>
public static class RunTransitions
{
    public static bool CanMove(RunStatus from, RunStatus to) => (from, to) switch
    {
        (RunStatus.Queued, RunStatus.Preparing) => true,
        (RunStatus.Preparing, RunStatus.Running or RunStatus.Waiting) => true,

        // A run that goes on from its checkpoint: the agent's work is in its change set already.
        (RunStatus.Preparing, RunStatus.Verifying or RunStatus.Reviewing) => true,
        (RunStatus.Running, RunStatus.Verifying or RunStatus.Reviewing or RunStatus.Waiting) => true,

        // Failed checks go back to the agent, within the same limits.
        (RunStatus.Verifying, RunStatus.Running or RunStatus.Reviewing) => true,
        (RunStatus.Reviewing, RunStatus.Publishing or RunStatus.Waiting or RunStatus.Running) => true,
        (RunStatus.Publishing, RunStatus.Completed) => true,

        // A decision re-queues the run, and so does the death of its supervisor or a cause that may pass; its checkpoint says where to go on.
        (RunStatus.Waiting or RunStatus.Preparing or RunStatus.Running or RunStatus.Verifying or RunStatus.Reviewing or RunStatus.Publishing, RunStatus.Queued) => true,

        // Any run that has not ended can fail or be cancelled, wherever it is.
        (_, RunStatus.Failed or RunStatus.Cancelled) => !HasEnded(from),
        _ => false,
    };

    public static bool HasEnded(RunStatus status) => status is RunStatus.Completed or RunStatus.Failed or RunStatus.Cancelled;
}
