namespace Ringfence.Budgets;

/// <summary>List prices in pico-dollars (10⁻¹² $) per token: $1 per million tokens is 1,000,000.</summary>
public sealed record TokenPrices(long Input, long CacheRead, long CacheWrite5m, long CacheWrite1h, long Output)
{
    /// <summary>What one input token can cost at most, given what the request may make the provider do.</summary>
    public long Dearest(bool writes5m, bool writes1h) => Math.Max(
        Math.Max(Input, CacheRead), Math.Max(writes5m ? CacheWrite5m : 0, writes1h ? CacheWrite1h : 0));
}

/// <summary>What calls of one model cost, and the largest call it takes.</summary>
public sealed record ModelPrice
{
    public required string Model { get; init; }

    public required TokenPrices Prices { get; init; }

    /// <summary>Prices of the whole call once its input exceeds <see cref="LongContextFrom"/> tokens; null when there is no such tier.</summary>
    public TokenPrices? LongContext { get; init; }

    public long LongContextFrom { get; init; } = long.MaxValue;

    /// <summary>Most tokens one answer may have; what is reserved when a request names no maximum.</summary>
    public required long MaxOutput { get; init; }

    /// <summary>Most tokens one request may have.</summary>
    public required long MaxInput { get; init; }

    /// <summary>Fee for each search the provider runs, pico-dollars; null refuses requests that could cause one.</summary>
    public long? WebSearch { get; init; }

    /// <summary>Where the figures come from, in words a person can check.</summary>
    public required string Source { get; init; }

    /// <summary>What <paramref name="usage"/> costs at list price, rounded up to a whole nano-dollar.</summary>
    public Money Cost(Usage usage)
    {
        var prices = usage.AllInput > LongContextFrom && LongContext is { } dearer ? dearer : Prices;

        return FromPico(
            ((Int128)usage.Input * prices.Input) + ((Int128)usage.CacheRead * prices.CacheRead)
            + ((Int128)usage.CacheWrite5m * prices.CacheWrite5m) + ((Int128)usage.CacheWrite1h * prices.CacheWrite1h)
            + ((Int128)usage.Output * prices.Output) + ((Int128)usage.WebSearches * (WebSearch ?? 0)));
    }

    // Saturates: a figure too large to write is a breach, and must not become a small one.
    internal static Money FromPico(Int128 pico) =>
        pico >= (Int128)long.MaxValue * 1000 ? Money.Max : new Money((long)((pico + 999) / 1000));
}
