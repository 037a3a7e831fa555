using Ringfence.Budgets;
using Ringfence.Runs;

namespace Ringfence.Gateway;

/// <summary>What a run may do at the gateway. Everything here is enforced before a byte goes upstream.</summary>
public sealed record LeaseRequest
{
    public required RunId Run { get; init; }

    /// <summary>What the numbers of its calls begin with. A run that is taken up again gives another, so that no two calls of it have one name.</summary>
    public string CallPrefix { get; init; } = "m";

    /// <summary>Money of this run at the table's list prices.</summary>
    public required Money Limit { get; init; }

    /// <summary>Model requests on the main conversation, from 1. Requests of sub-agents and side calls are not turns; money limits them.</summary>
    public int Turns { get; init; } = 60;

    /// <summary>Model requests of any kind; a second wall against loops that a turn limit does not see. Default 5,000.</summary>
    public int Requests { get; init; } = 5_000;

    /// <summary>Tokens of all buckets together, input and output; null is unlimited.</summary>
    public long? Tokens { get; init; }

    /// <summary>Model calls in flight at once, from 1. Default 64.</summary>
    public int Concurrency { get; init; } = 64;

    /// <summary>Model ids that may be asked for; empty allows every model that has a price.</summary>
    public IReadOnlyList<string> Models { get; init; } = [];

    /// <summary>Wider scopes that pay as well, such as <c>team:7:day</c>.</summary>
    public IReadOnlyList<PayingScope> Scopes { get; init; } = [];

    /// <summary>Status of a terminal answer, from the agent's description: the one at which it stops instead of retrying.</summary>
    public int TerminalStatus { get; init; } = 403;

    /// <summary>When the token stops being good; null while the lease is open.</summary>
    public DateTimeOffset? Expires { get; init; }

    /// <summary>Model requests per minute; null is unlimited. Counted by each gateway for itself.</summary>
    public int? RequestsPerMinute { get; init; }

    /// <summary>
    /// Not a run but a key, which outlives an exhausted budget: the next window, or a raised limit, lets it go on. Only a kill ends such a lease.
    /// </summary>
    public bool IsStanding { get; init; }

    /// <summary>Texts that every request of the main conversation must contain; their absence is recorded, as <c>context.changed</c> says.</summary>
    public IReadOnlyList<string> Pins { get; init; } = [];
}

public enum LeaseEndingReason
{
    MaxCost,
    MaxTurns,
    Killed,

    /// <summary>The run asked for something that its cassette does not hold.</summary>
    NotRecorded,

    /// <summary>The record or the ledger cannot be written: nothing more is sent.</summary>
    Unrecordable,

    /// <summary>The provider does not take the gateway's key.</summary>
    KeyRefused,

    /// <summary>The provider has refused call after call, in a way that asking again does not cure.</summary>
    Refused,

    /// <summary>A bug of the gateway.</summary>
    Broken,
}

/// <summary>Why a lease takes no further call. The agent has been told in its own provider's words; the pipeline stops what does not stop by itself.</summary>
public sealed record LeaseEnding(LeaseEndingReason Reason, Failure Failure);
