namespace Ringfence.Budgets;

/// <summary>This gateway's part of one scope: a committed block, and what was drawn from it. Guarded by the ledger's lock.</summary>
internal sealed class ScopeAccount(string key, bool isOnRecord)
{
    public string Key => key;

    /// <summary>Only calls whose reservations are on a run's record are paid from it.</summary>
    public bool IsOnRecord => isOnRecord;

    /// <summary>Committed for this gateway, less what was booked as spent: nano-dollars.</summary>
    public long Block { get; set; }

    /// <summary>Set aside for calls in flight.</summary>
    public long Reserved { get; set; }

    /// <summary>Settled, not yet booked.</summary>
    public long Unbooked { get; set; }

    /// <summary>Grows when a block is lost, so that reservations drawn from it are not counted twice.</summary>
    public int Epoch { get; set; }

    /// <summary>Until when the block is ours alone.</summary>
    public DateTimeOffset Expires { get; set; }

    /// <summary>The largest recent reservation: what a refill prepares for.</summary>
    public long Need { get; set; }

    public DateTimeOffset LastUsed { get; set; }

    /// <summary>The scope as the store last saw it.</summary>
    public ScopeState Seen { get; set; }

    /// <summary>A freeze that the store does not know yet: what it says otherwise does not count.</summary>
    public bool IsFrozenHereAlone { get; set; }

    public long Free => Block - Reserved - Unbooked;

    private int told;

    /// <summary>Whether spending has reached half, four fifths or all of the limit for the first time as this gateway sees it.</summary>
    public bool TryPassThreshold(out int percent)
    {
        percent = Seen.Limit is { } limit && limit > 0
            ? (long)Int128.Min((Int128)SpentAsKnown * 100 / limit, 100) switch { >= 100 => 100, >= 80 => 80, >= 50 => 50, _ => 0 }
            : 0;

        var isNew = percent > told;
        told = Math.Max(told, percent);
        return isNew;
    }

    /// <summary>What all gateways together have spent, as far as is known here.</summary>
    public long SpentAsKnown => Seen.Spent + Unbooked;
}

/// <summary>Money set aside for one call over all its scopes. Settled exactly once.</summary>
internal sealed class Reservation(BudgetAccount account, string call, Money amount, int[] epochs)
{
    private int settled;

    public BudgetAccount Account => account;

    public string Call => call;

    public Money Amount => amount;

    /// <summary>The blocks it was drawn from, by the account's scopes.</summary>
    public int[] Epochs => epochs;

    public bool TrySettle() => Interlocked.Exchange(ref settled, 1) == 0;
}

/// <summary>The scopes that pay for the calls of one lease, in key order; the first that was named is the narrowest.</summary>
internal sealed record BudgetAccount(string Narrowest, IReadOnlyList<ScopeAccount> Scopes, Task Declared);

/// <param name="Frozen">Scopes that take no further call until somebody has looked.</param>
internal sealed record Settlement(IReadOnlyList<string> Frozen, IReadOnlyList<ThresholdPassed> Thresholds)
{
    public static Settlement Nothing { get; } = new([], []);
}

internal sealed record ThresholdPassed(string Scope, int Percent, Money Spent, Money Limit);
