namespace Ringfence.Budgets;

/// <summary>The built-in price table, as code: reading it costs nothing at the start, and a change to a price is a reviewed change.</summary>
internal static class EmbeddedPrices
{
    /// <summary>Names of simulated models start with this, whatever follows.</summary>
    public const string Simulated = "simulated";

    private const string AnthropicPage = "platform.claude.com/docs, models/opus-5-5/overview; input and output as in the table built into Claude Code 2.1.329.";

    private const string ClaudeCode = "The table built into Claude Code 2.1.329.";

    private const string OpenAiPage = "developers.openai.com/api/docs/models/gpt-6.1-sol, as quoted in releases of 2026-09-30; cache writes are charged from gpt-5.6 on.";

    private const string LiteLlm = "LiteLLM, model_prices_and_context_window.json at commit 00035b69.";

    private const string NoModel = "Not a real model: charged $4 and $20 per million tokens, so that demonstrations and tests spend.";

    public static PriceTable Table { get; } = new("2026-11-21", new DateOnly(2026, 11, 21),
    [
        Anthropic("claude-opus-5-5", input: 4m, output: 20m, maxInput: 1_000_000, maxOutput: 128_000, AnthropicPage, cached: 0.2m),
        Anthropic("claude-opus-5", input: 5m, output: 25m, maxInput: 1_000_000, maxOutput: 128_000, ClaudeCode),
        Anthropic("claude-sonnet-5-5", input: 2m, output: 10m, maxInput: 1_000_000, maxOutput: 128_000, ClaudeCode, cached: 0.1m),
        Anthropic("claude-sonnet-5", input: 2m, output: 10m, maxInput: 1_000_000, maxOutput: 128_000, ClaudeCode),
        Anthropic("claude-sonnet-4-6", input: 3m, output: 15m, maxInput: 1_000_000, maxOutput: 128_000, ClaudeCode),
        Anthropic("claude-haiku-5-5", input: 0.1m, output: 0.5m, maxInput: 1_000_000, maxOutput: 128_000, ClaudeCode) with
        {
            LongContext = Anthropic("", input: 0.5m, output: 2.5m, maxInput: 0, maxOutput: 0, "").Prices,
            LongContextFrom = 100_000,
        },
        Anthropic("claude-haiku-4-5", input: 1m, output: 5m, maxInput: 200_000, maxOutput: 64_000, ClaudeCode),
        Anthropic("claude-haiku-4-5-20251001", input: 1m, output: 5m, maxInput: 200_000, maxOutput: 64_000, ClaudeCode),
        Anthropic("claude-fable-5-2", input: 8m, output: 40m, maxInput: 1_000_000, maxOutput: 128_000, ClaudeCode, cached: 0.2m),
        Anthropic("claude-fable-5-1", input: 10m, output: 50m, maxInput: 1_000_000, maxOutput: 128_000, ClaudeCode, cached: 0.25m),
        Anthropic("claude-fable-5", input: 10m, output: 50m, maxInput: 1_000_000, maxOutput: 128_000, LiteLlm),
        Anthropic("claude-opus-4-8", input: 5m, output: 25m, maxInput: 1_000_000, maxOutput: 128_000, LiteLlm),
        Anthropic("claude-opus-4-7", input: 5m, output: 25m, maxInput: 1_000_000, maxOutput: 128_000, LiteLlm),
        Anthropic("claude-opus-4-6", input: 5m, output: 25m, maxInput: 1_000_000, maxOutput: 128_000, LiteLlm),
        Anthropic("claude-opus-4-5", input: 5m, output: 25m, maxInput: 200_000, maxOutput: 64_000, LiteLlm),
        Anthropic("claude-opus-4-5-20251101", input: 5m, output: 25m, maxInput: 200_000, maxOutput: 64_000, LiteLlm),
        OpenAi("gpt-6.1-sol", input: 2m, cached: 0.1m, output: 10m, written: 2.5m, source: OpenAiPage),
        OpenAi("gpt-5.5", input: 5m, cached: 0.5m, output: 30m),
        OpenAi("gpt-5.5-2026-04-23", input: 5m, cached: 0.5m, output: 30m),
        OpenAi("gpt-5.4", input: 2.5m, cached: 0.25m, output: 15m),
        OpenAi("gpt-5.4-2026-03-05", input: 2.5m, cached: 0.25m, output: 15m),
        Anthropic(Simulated, input: 4m, output: 20m, maxInput: 1_000_000, maxOutput: 128_000, NoModel),
    ]);

    // Dollars per million tokens. Where nothing else is said, the cache prices follow from the input price, and LiteLLM's figures agree.
    private static ModelPrice Anthropic(
        string model, decimal input, decimal output, long maxInput, long maxOutput, string source, decimal? cached = null) => new()
    {
        Model = model,
        Prices = new TokenPrices(Pico(input), Pico(cached ?? input * 0.1m), Pico(input * 1.25m), Pico(input * 2m), Pico(output)),
        MaxInput = maxInput,
        MaxOutput = maxOutput,
        WebSearch = Pico(10_000m),
        Source = source,
    };

    // Above 272,000 input tokens: input and cache twice, output one and a half times.
    private static ModelPrice OpenAi(string model, decimal input, decimal cached, decimal output, decimal? written = null, string source = LiteLlm) => new()
    {
        Model = model,
        Prices = new TokenPrices(Pico(input), Pico(cached), Pico(written ?? input), Pico(written ?? input), Pico(output)),
        LongContext = new TokenPrices(Pico(input * 2), Pico(cached * 2), Pico((written ?? input) * 2), Pico((written ?? input) * 2), Pico(output * 1.5m)),
        LongContextFrom = 272_000,
        MaxInput = 1_050_000,
        MaxOutput = 128_000,
        Source = source,
    };

    private static long Pico(decimal dollarsPerMillion) => decimal.ToInt64(dollarsPerMillion * 1_000_000m);
}
