using Ringfence.Runs;

namespace Ringfence.App.Cli;

/// <summary>How <c>ringfence</c> ends, for scripts. Printed by <c>ringfence help exit-codes</c>; a number never changes its meaning.</summary>
internal static class ExitCodes
{
    public const int Done = 0;
    public const int ChecksFailed = 1;
    public const int BadInput = 2;
    public const int Budget = 3;
    public const int Turns = 4;
    public const int Timeout = 5;
    public const int AgentFailed = 6;
    public const int Blocked = 7;
    public const int NothingDone = 8;
    public const int Environment = 9;
    public const int ResourceLimit = 10;
    public const int SetupFailed = 11;
    public const int Waiting = 12;
    public const int Internal = 70;

    /// <summary>128 + SIGINT, as shells count.</summary>
    public const int Cancelled = 130;

    public static IReadOnlyList<(int Code, string Meaning)> All { get; } =
    [
        (Done, "done: the change passed every check, or the command did what it says"),
        (ChecksFailed, "a check (--done) still failed after the last attempt, or a record did not verify"),
        (BadInput, "bad input: nothing was started"),
        (Budget, "the budget was used up"),
        (Turns, "the turns were used up"),
        (Timeout, "the time was used up, or the agent went silent"),
        (AgentFailed, "the agent failed"),
        (Blocked, "a gate or a person said no"),
        (NothingDone, "the agent ended without changing anything"),
        (Environment, "this machine lacks something; `ringfence doctor` tells what"),
        (ResourceLimit, "the sandbox reached a limit of memory, disk or output"),
        (SetupFailed, "the set-up command (--setup) failed; the agent was not started"),
        (Waiting, "the run waits for a person; `ringfence approve` tells for what"),
        (Internal, "a bug in Ringfence"),
        (Cancelled, "cancelled"),
    ];

    public static int For(RunStatus status, FailReason? reason) => (status, reason) switch
    {
        (RunStatus.Completed, _) => Done,
        (RunStatus.Cancelled, _) => Cancelled,
        (_, FailReason.VerificationFailed) => ChecksFailed,
        (_, FailReason.MaxCost) => Budget,
        (_, FailReason.MaxTurns) => Turns,
        (_, FailReason.Timeout or FailReason.Stalled) => Timeout,
        (_, FailReason.AgentError or FailReason.Interrupted) => AgentFailed,
        (_, FailReason.BlockedByGate or FailReason.Rejected or FailReason.Expired) => Blocked,
        (_, FailReason.NothingDone) => NothingDone,
        (_, FailReason.ResourceLimit) => ResourceLimit,
        (_, FailReason.Environment) => Environment,
        (_, FailReason.BadInput) => BadInput,
        (_, FailReason.SetupFailed) => SetupFailed,
        _ => Internal,
    };
}
