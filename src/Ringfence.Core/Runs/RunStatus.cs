namespace Ringfence.Runs;

/// <summary>Where a run is. Stored and shown in lower case; the moves between them are in <see cref="RunTransitions"/> and nowhere else.</summary>
public enum RunStatus
{
    Queued,
    Preparing,
    Running,
    Verifying,
    Reviewing,
    Publishing,

    /// <summary>A person must decide (plan, network, budget, diff). The sandbox is gone; waiting costs nothing.</summary>
    Waiting,
    Completed,
    Failed,
    Cancelled,
}

/// <summary>Why a run failed: the vocabulary of records, exit codes and the API. Add, never rename.</summary>
public enum FailReason
{
    MaxTurns,
    MaxCost,
    Timeout,

    /// <summary>No event for too long; the watchdog is armed at the start, not at the first event.</summary>
    Stalled,
    VerificationFailed,
    BlockedByGate,
    Rejected,
    Expired,
    AgentError,

    /// <summary>The agent ended, content with itself, and no file is different.</summary>
    NothingDone,
    ResourceLimit,

    /// <summary>This machine lacks something that the run needs: namespaces, git, room on the disk.</summary>
    Environment,

    /// <summary>What was asked for does not exist: the repository, the reference.</summary>
    BadInput,

    /// <summary>The set-up command failed; the agent was not started.</summary>
    SetupFailed,

    /// <summary>The supervisor ended without ending the run: kill -9, a crash, power loss.</summary>
    Interrupted,
    Internal,
}

public static class FailReasonNames
{
    /// <summary>The name in records, rows and the API: <c>max_cost</c> for <see cref="FailReason.MaxCost"/>.</summary>
    public static string ToName(this FailReason reason) => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(reason.ToString());
}
