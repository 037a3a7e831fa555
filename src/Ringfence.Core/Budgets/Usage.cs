namespace Ringfence.Budgets;

/// <summary>Tokens of one call as the provider counted them, in the buckets that are priced apart.</summary>
/// <param name="Input">Input that was neither read from nor written to a cache.</param>
/// <param name="Output">All generated tokens, reasoning included.</param>
/// <param name="Reasoning">How many of <paramref name="Output"/> were reasoning; for information.</param>
/// <param name="WebSearches">Searches that the provider ran itself and charges for one by one.</param>
public readonly record struct Usage(
    long Input, long CacheRead, long CacheWrite5m, long CacheWrite1h, long Output, long Reasoning, long WebSearches)
{
    /// <summary>All input, however it was priced.</summary>
    public long AllInput => Input + CacheRead + CacheWrite5m + CacheWrite1h;

    public long Total => AllInput + Output;

    /// <summary>Counts above this are not counts: a million context windows.</summary>
    public const long Ceiling = 1_000_000_000_000;

    /// <summary>False when a figure is negative or absurd, or when nothing at all was used: such a report is treated as no report.</summary>
    public bool IsCredible =>
        Total > 0 && InRange(Input) && InRange(CacheRead) && InRange(CacheWrite5m) && InRange(CacheWrite1h) && InRange(Output)
        && InRange(WebSearches);

    private static bool InRange(long count) => count is >= 0 and <= Ceiling;
}
