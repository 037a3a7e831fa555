namespace Ringfence.Sandboxes;

/// <summary>How the command in a sandbox ended. When this is known, nothing of the sandbox is left.</summary>
public abstract record SandboxExit
{
    /// <summary>The command ended by itself.</summary>
    public sealed record Exited(int Code) : SandboxExit;

    /// <summary>A signal ended it that we did not send.</summary>
    public sealed record Signalled(int Signal) : SandboxExit;

    /// <summary>A limit ended it: <c>memory</c>, <c>disk</c>, <c>wall_time</c>, <c>silence</c>, <c>output</c>, …</summary>
    public sealed record LimitReached(string Limit, string Detail) : SandboxExit;

    /// <summary>We ended it: cancellation, budget, kill switch.</summary>
    public sealed record Killed(string By) : SandboxExit;

    /// <summary>What the whole sandbox used; known for every ending.</summary>
    public SandboxUsage Usage { get; init; } = new();
}

/// <summary>Peaks and sums over the whole process tree; -1 where this machine cannot tell.</summary>
public sealed record SandboxUsage
{
    public long CpuMicroseconds { get; init; } = -1;
    public long PeakMemoryBytes { get; init; } = -1;
    public long PeakProcesses { get; init; } = -1;
    public long OutputBytes { get; init; } = -1;
}
