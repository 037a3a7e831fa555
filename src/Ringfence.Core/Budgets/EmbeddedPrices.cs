namespace Ringfence.Budgets;

/// <summary>The built-in price table, as code: reading it costs nothing at the start, and a change to a price is a reviewed change.</summary>
internal static class EmbeddedPrices
{
    /// <summary>Names of simulated models start with this, whatever follows.</summary>
    public const string Simulated = "simulated";

    private const string ObservedInClaudeCode =
        "Input and output: the table built into Claude Code 2.1.329, observed 2026-11-20. Cache: Anthropic's published multipliers (1.25, 2, 0.1).";

    private const string NoModel = "Not a real model: charged like claude-opus-5-5 so that demonstrations and tests spend.";

    public static PriceTable Table { get; } = new("2026-11-21", new DateOnly(2026, 11, 21),
    [
        Anthropic("claude-opus-5-5", input: 4m, output: 20m, maxInput: 1_000_000, maxOutput: 128_000, ObservedInClaudeCode),
        Anthropic(Simulated, input: 4m, output: 20m, maxInput: 1_000_000, maxOutput: 128_000, NoModel),
    ]);

    // Dollars per million tokens.
    private static ModelPrice Anthropic(string model, decimal input, decimal output, long maxInput, long maxOutput, string source) => new()
    {
        Model = model,
        Prices = new TokenPrices(Pico(input), Pico(input * 0.1m), Pico(input * 1.25m), Pico(input * 2m), Pico(output)),
        MaxInput = maxInput,
        MaxOutput = maxOutput,
        WebSearch = Pico(10_000m),
        Source = source,
    };

    private static long Pico(decimal dollarsPerMillion) => decimal.ToInt64(dollarsPerMillion * 1_000_000m);
}
