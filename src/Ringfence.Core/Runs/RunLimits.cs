namespace Ringfence.Runs;

/// <summary>What a run may use. Every limit has an enforcement point outside the agent: gateway, supervisor clock, sandbox.</summary>
public sealed record RunLimits
{
    /// <summary>Money for model calls at list price. Default $5. Enforced by the gateway's ledger before each call.</summary>
    public Money Cost { get; init; } = Money.FromDollars(5);

    /// <summary>Model requests on the main conversation, 1 to 1,000. Default 60. Enforced by the gateway.</summary>
    public int Turns { get; init; } = 60;

    /// <summary>Wall time of the whole run, 1 second to 24 hours. Default 30 minutes. Enforced by the supervisor's clock.</summary>
    public TimeSpan Time { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>How long the agent may be silent: no model call, command or output. Default 10 minutes.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Wall time of each done-when check. Default 10 minutes.</summary>
    public TimeSpan CheckTime { get; init; } = TimeSpan.FromMinutes(10);
}
