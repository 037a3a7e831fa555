namespace Ringfence.Budgets;

/// <summary>The ledger's answer to a request for money.</summary>
internal abstract record ReserveOutcome
{
    /// <param name="Remaining">Left in the tightest scope after this, as far as this gateway knows.</param>
    public sealed record Granted(Reservation Reservation, Money Remaining) : ReserveOutcome;

    public sealed record Denied(DenialKind Kind, string Scope, Money Needed, Money Available, string? Detail = null) : ReserveOutcome;
}

internal enum DenialKind
{
    /// <summary>The money is spent: even if every call in flight cost nothing, the floor would not fit.</summary>
    Exhausted,

    /// <summary>Calls in flight hold the money, and waiting for them took too long.</summary>
    Busy,

    /// <summary>A call cost more than its bound; a person must look.</summary>
    Frozen,

    Killed,

    /// <summary>The ledger cannot be written.</summary>
    Unavailable,
}
