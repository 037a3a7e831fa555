namespace Ringfence.Agent.Iteration;

/// <summary>What a model costs and how much it takes. Prices in pico-dollars (10⁻¹² $) per token: 1 $ per million tokens is 1,000,000.</summary>
internal sealed record ModelPrice(long Input, long Output, long CacheRead, long CacheWrite, long CacheWriteHour, int ContextWindow, int MaxOutput, bool IsKnown = true);

internal static class PriceTable
{
    private const long Dollar = 1_000_000;

    // The longest name that begins a model's name is the one that counts.
    private static readonly (string Prefix, ModelPrice Price)[] Known =
    [
        ("claude-opus-5", Claude(5, 25)), ("claude-opus-5-5", Claude(4, 20)), ("claude-sonnet-5", Claude(2, 10)), ("claude-haiku-5", Claude(1, 5)),
        ("claude-fable-5", Claude(10, 50)), ("claude-fable-5-2", Claude(8, 40)),

        // Short prompts cost a fifth of this: a limit holds by the higher price.
        ("claude-haiku-5-5", Claude(0.5m, 2.5m)),
        ("claude-opus-4-5", Claude(5, 25)), ("claude-opus-4-6", Claude(5, 25)), ("claude-opus-4-7", Claude(5, 25)), ("claude-opus-4", Claude(15, 75, most: 32_000)),
        ("claude-sonnet-4", Claude(3, 15)), ("claude-haiku-4", Claude(1, 5)), ("claude-3-7-sonnet", Claude(3, 15)), ("claude-3-5-sonnet", Claude(3, 15, most: 8192)),
        ("claude-3-5-haiku", Claude(0.8m, 4, most: 8192)), ("claude-3-opus", Claude(15, 75, most: 4096)), ("claude-3-haiku", Claude(0.25m, 1.25m, most: 4096)),
        ("gpt-5", Other(1.25m, 10, 0.125m, 400_000, 128_000)), ("gpt-5-mini", Other(0.25m, 2, 0.025m, 400_000, 128_000)), ("gpt-5-nano", Other(0.05m, 0.4m, 0.005m, 400_000, 128_000)),
        ("gpt-4.1", Other(2, 8, 0.5m, 1_000_000, 32_768)), ("gpt-4o", Other(2.5m, 10, 1.25m, 128_000, 16_384)), ("o3", Other(2, 8, 0.5m, 200_000, 100_000)),
        ("gemini-2.5-pro", Other(2.5m, 15, 0.25m, 1_000_000, 65_536)), ("gemini-2.5-flash", Other(0.3m, 2.5m, 0.03m, 1_000_000, 65_536)),
        ("gemini-3-pro", Other(4, 18, 0.4m, 1_000_000, 65_536)), ("simulated", Claude(4, 20)),
    ];

    /// <summary>Like the default model, but <see cref="ModelPrice.IsKnown"/> is false: good enough to show, never to promise a limit with.</summary>
    private static readonly ModelPrice Unknown = Claude(4, 20) with { IsKnown = false };

    public static ModelPrice Of(string model)
    {
        var name = model[(model.LastIndexOf('/') + 1)..];
        return Known.Where(k => name.StartsWith(k.Prefix, StringComparison.OrdinalIgnoreCase)).OrderByDescending(k => k.Prefix.Length)
            .Select(k => k.Price).FirstOrDefault(Unknown);
    }

    /// <summary>Its price in words; empty when none is known.</summary>
    public static string Describe(string model) => Of(model) is { IsKnown: true } price
        ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $"${price.Input / (decimal)Dollar}/${price.Output / (decimal)Dollar} per Mtok") : "";

    private static ModelPrice Claude(decimal input, decimal output, int most = 64_000) => new(
        (long)(input * Dollar), (long)(output * Dollar), (long)(input * Dollar / 10), (long)(input * Dollar * 5 / 4), (long)(input * Dollar * 2), 200_000, most);

    private static ModelPrice Other(decimal input, decimal output, decimal cached, int window, int most) => new(
        (long)(input * Dollar), (long)(output * Dollar), (long)(cached * Dollar), (long)(input * Dollar), (long)(input * Dollar), window, most);
}
