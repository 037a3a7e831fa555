namespace Ringfence.Runs;

/// <summary>Whether a run that did not come to its end is taken up again, and when.</summary>
public static class RunRetry
{
    /// <summary>A run that ends its process each time must not do so for ever.</summary>
    public const int MostStarts = 20;

    private const int MostTries = 6;

    private static readonly string[] TransientCodes =
        ["repository_not_reachable", "sandbox_unavailable", "record_unavailable", "storage_failed", "io_error", "ledger_unavailable", "code_host_unavailable"];

    /// <summary>How long to wait before the next try; null when the ending stands: the cause would be the same, or there were enough tries.</summary>
    /// <param name="starts">How often the run was taken up so far.</param>
    public static TimeSpan? Wait(RunOutcome outcome, int starts) =>
        outcome is RunOutcome.Failed { Failure: var failure } && TransientCodes.Contains(failure.Code) && starts < MostTries
            ? TimeSpan.FromSeconds(Math.Pow(2, Math.Max(0, starts - 1)))
            : null;
}
