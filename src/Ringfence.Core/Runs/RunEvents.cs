namespace Ringfence.Runs;

/// <summary>What others can be told of runs.</summary>
public static class RunEvents
{
    public const string Completed = "run.completed";
    public const string Failed = "run.failed";
    public const string Cancelled = "run.cancelled";
    public const string Waiting = "run.waiting";

    public static IReadOnlyList<string> All { get; } = [Completed, Failed, Cancelled, Waiting];

    /// <summary>The event of a run that has come to this state; null for a state that nobody is told of.</summary>
    public static string? Of(RunStatus status) => status switch
    {
        RunStatus.Completed => Completed,
        RunStatus.Failed => Failed,
        RunStatus.Cancelled => Cancelled,
        RunStatus.Waiting => Waiting,
        _ => null,
    };
}
