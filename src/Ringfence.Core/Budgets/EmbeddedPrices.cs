namespace Ringfence.Budgets;

/// <summary>The built-in price table, as code: reading it costs nothing at the start, and a change to a price is a reviewed change.</summary>
internal static class EmbeddedPrices
{
    /// <summary>Names of simulated models start with this, whatever follows.</summary>
    public const string Simulated = "simulated";

    private const string ObservedInClaudeCode =
        "Input and output: the table built into Claude Code 2.1.329, observed 2026-11-20. Cache: Anthropic's published multipliers (1.25, 2, 0.1).";

    private const string LiteLlm = "LiteLLM, model_prices_and_context_window.json at commit 00035b69.";

    private const string NoModel = "Not a real model: charged like claude-opus-5-5, so that demonstrations and tests spend.";

    public static PriceTable Table { get; } = new("2026-11-21", new DateOnly(2026, 11, 21),
    [
        Anthropic("claude-opus-5-5", input: 4m, output: 20m, maxInput: 1_000_000, maxOutput: 128_000, ObservedInClaudeCode),
        Anthropic("claude-fable-5", input: 10m, output: 50m, maxInput: 1_000_000, maxOutput: 128_000, LiteLlm),
        Anthropic("claude-opus-4-8", input: 5m, output: 25m, maxInput: 1_000_000, maxOutput: 128_000, LiteLlm),
        Anthropic("claude-opus-4-7", input: 5m, output: 25m, maxInput: 1_000_000, maxOutput: 128_000, LiteLlm),
        Anthropic("claude-opus-4-6", input: 5m, output: 25m, maxInput: 1_000_000, maxOutput: 128_000, LiteLlm),
        Anthropic("claude-opus-4-5", input: 5m, output: 25m, maxInput: 200_000, maxOutput: 64_000, LiteLlm),
        Anthropic("claude-opus-4-5-20251101", input: 5m, output: 25m, maxInput: 200_000, maxOutput: 64_000, LiteLlm),
        OpenAi("gpt-5.5", input: 5m, cached: 0.5m, output: 30m),
        OpenAi("gpt-5.5-2026-04-23", input: 5m, cached: 0.5m, output: 30m),
        OpenAi("gpt-5.4", input: 2.5m, cached: 0.25m, output: 15m),
        OpenAi("gpt-5.4-2026-03-05", input: 2.5m, cached: 0.25m, output: 15m),
        Anthropic(Simulated, input: 4m, output: 20m, maxInput: 1_000_000, maxOutput: 128_000, NoModel),
    ]);

    // Dollars per million tokens. The cache prices follow from the input price, and LiteLLM's figures agree.
    private static ModelPrice Anthropic(string model, decimal input, decimal output, long maxInput, long maxOutput, string source) => new()
    {
        Model = model,
        Prices = new TokenPrices(Pico(input), Pico(input * 0.1m), Pico(input * 1.25m), Pico(input * 2m), Pico(output)),
        MaxInput = maxInput,
        MaxOutput = maxOutput,
        WebSearch = Pico(10_000m),
        Source = source,
    };

    // Above 272,000 input tokens: input and cache twice, output one and a half times.
    private static ModelPrice OpenAi(string model, decimal input, decimal cached, decimal output) => new()
    {
        Model = model,
        Prices = new TokenPrices(Pico(input), Pico(cached), Pico(input), Pico(input), Pico(output)),
        LongContext = new TokenPrices(Pico(input * 2), Pico(cached * 2), Pico(input * 2), Pico(input * 2), Pico(output * 1.5m)),
        LongContextFrom = 272_000,
        MaxInput = 1_050_000,
        MaxOutput = 128_000,
        Source = LiteLlm,
    };

    private static long Pico(decimal dollarsPerMillion) => decimal.ToInt64(dollarsPerMillion * 1_000_000m);
}
