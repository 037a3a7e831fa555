namespace Ringfence.Budgets;

/// <summary>
/// The most a call can cost, and how many output tokens an amount of money pays for. Pure arithmetic: the ledger reserves what this says, and the
/// request is clamped to what was reserved, so that the charge cannot exceed the reservation while the input bound holds.
/// </summary>
public sealed record CallBound
{
    /// <summary>Below this an answer is rarely of use; a call waits or is denied rather than clamped further.</summary>
    public const long UsefulOutput = 4_096;

    public required ModelPrice Price { get; init; }

    /// <summary>Upper bound of the input tokens of all passes together.</summary>
    public required long InputTokens { get; init; }

    /// <summary>Upper bound of the input of any single pass; decides whether the long-context tier can be reached.</summary>
    public required long LargestPass { get; init; }

    public bool CacheWrites5m { get; init; }

    public bool CacheWrites1h { get; init; }

    /// <summary>Answers that are generated and charged: choices, and passes the provider adds by itself.</summary>
    public int Answers { get; init; } = 1;

    public int WebSearches { get; init; }

    /// <summary>The most the call can cost with answers of up to <paramref name="maxOutput"/> tokens each.</summary>
    public Money Worst(long maxOutput) => ModelPrice.FromPico(WithoutOutput() + ((Int128)maxOutput * Answers * OutputPrice()));

    /// <summary>The longest answer that <paramref name="money"/> pays for in the worst case; negative when it does not even pay for the input.</summary>
    public long Affordable(Money money)
    {
        var left = ((Int128)money.Nanodollars * 1000) - WithoutOutput();
        var perToken = (Int128)OutputPrice() * Answers;

        return left < 0 ? -1 : perToken == 0 ? long.MaxValue : (long)Int128.Min(left / perToken, long.MaxValue);
    }

    private Int128 WithoutOutput() => ((Int128)InputTokens * InputPrice()) + ((Int128)WebSearches * (Price.WebSearch ?? 0));

    private long InputPrice() => Math.Max(
        Price.Prices.Dearest(CacheWrites5m, CacheWrites1h), ReachesLongContext ? Price.LongContext!.Dearest(CacheWrites5m, CacheWrites1h) : 0);

    private long OutputPrice() => Math.Max(Price.Prices.Output, ReachesLongContext ? Price.LongContext!.Output : 0);

    private bool ReachesLongContext => Price.LongContext is not null && LargestPass > Price.LongContextFrom;
}
