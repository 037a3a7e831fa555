using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Ringfence.Budgets;
using Xunit;

namespace Ringfence.Tests.Budgets;

public sealed class A_price_table
{
    [Fact]
    public void Refuses_what_it_does_not_know_instead_of_guessing()
    {
        Assert.Null(PriceTable.Embedded.Find("claude-opus-5-5-20270101"));
        Assert.Null(PriceTable.Embedded.Find("claude-opus-6"));
        Assert.Null(PriceTable.Embedded.Find("CLAUDE-OPUS-5-5"));
        Assert.Equal("simulated-anything", PriceTable.Embedded.Find("simulated-anything")!.Model);
    }

    [Fact]
    public void Charges_the_whole_of_a_long_call_at_the_price_of_long_calls()
    {
        var haiku = PriceTable.Embedded.Find("claude-haiku-5-5")!;

        Assert.Equal(100_000, haiku.LongContextFrom);
        Assert.Equal(100_000, haiku.Prices.Input);
        Assert.Equal(500_000, haiku.LongContext!.Input);
        Assert.Equal(2_500_000, haiku.LongContext.Output);
    }

    [Fact]
    public void States_a_source_for_every_figure() => Assert.All(PriceTable.Embedded.Models, m => Assert.NotEmpty(m.Source));

    [Theory]
    [InlineData("""{"m":{"mode":"chat","input_cost_per_token":"3e-06","output_cost_per_token":1e-5,"max_input_tokens":1,"max_output_tokens":1}}""")]
    [InlineData("""{"m":{"mode":"chat","input_cost_per_token":3e-06,"max_input_tokens":1,"max_output_tokens":1}}""")]
    [InlineData("""{"m":{"mode":"chat","input_cost_per_token":-1,"output_cost_per_token":1e-5,"max_input_tokens":1,"max_output_tokens":1}}""")]
    [InlineData("""{"m":{"mode":"chat","input_cost_per_token":3e-06,"output_cost_per_token":1e-5,"some_new_cost":1,"max_input_tokens":1,"max_output_tokens":1}}""")]
    [InlineData("""{"m":{"mode":"chat","input_cost_per_token":3e-06,"output_cost_per_token":1e-5}}""")]
    [InlineData("not json")]
    public void Does_not_import_a_price_that_it_cannot_read(string json)
    {
        var (models, failures) = LiteLlmPrices.Parse(Encoding.UTF8.GetBytes(json), "a test", _ => true);

        Assert.Empty(models);
        Assert.Single(failures);
    }

    [Fact]
    public void Imports_tiers_and_cache_prices_exactly()
    {
        const string Json = """
            {"claude-sonnet-4-20250514":{"mode":"chat","max_input_tokens":1000000,"max_output_tokens":64000,
            "input_cost_per_token":3e-06,"output_cost_per_token":1.5e-05,"cache_creation_input_token_cost":3.75e-06,
            "cache_creation_input_token_cost_above_1hr":6e-06,"cache_read_input_token_cost":3e-07,
            "input_cost_per_token_above_200k_tokens":6e-06,"output_cost_per_token_above_200k_tokens":2.25e-05,
            "cache_creation_input_token_cost_above_200k_tokens":7.5e-06,"cache_read_input_token_cost_above_200k_tokens":6e-07,
            "search_context_cost_per_query":{"search_context_size_high":0.01,"search_context_size_low":0.01}}}
            """;

        var price = Assert.Single(LiteLlmPrices.Parse(Encoding.UTF8.GetBytes(Json), "a test", _ => true).Models);

        Assert.Equal(new TokenPrices(3_000_000, 300_000, 3_750_000, 6_000_000, 15_000_000), price.Prices);
        Assert.Equal(new TokenPrices(6_000_000, 600_000, 7_500_000, 7_500_000, 22_500_000), price.LongContext);
        Assert.Equal(200_000, price.LongContextFrom);
        Assert.Equal(10_000_000_000, price.WebSearch);

        // 200,001 input tokens make the whole call dear, LiteLLM 40002.
        Assert.Equal(Money.FromDollars(0.6m), price.Cost(new Usage(200_000, 0, 0, 0, 0, 0, 0)));
        Assert.Equal(Money.FromDollars(1.200006m), price.Cost(new Usage(200_001, 0, 0, 0, 0, 0, 0)));
    }

    /// <summary>What is reserved covers what can be charged, for any call within its bounds, at any tier.</summary>
    [Fact]
    public void Never_charges_more_than_the_bound_for_a_call_within_it() => Prop.ForAll(
        Gen.ArrayOf(Gen.Choose(0, 400_000), 8).ToArbitrary(),
        n =>
        {
            var price = PriceTable.Embedded.Find(n[0] % 2 == 0 ? "gpt-6.1-sol" : "claude-opus-5-5")!;
            var input = n[1] + n[2] + n[3] + (long)n[4];

            var bound = new CallBound
            {
                Price = price,
                InputTokens = input,
                LargestPass = input,
                CacheWrites5m = n[3] > 0,
                CacheWrites1h = n[4] > 0,
            };

            var usage = new Usage(n[1], n[2], n[3], n[4], n[5], 0, 0);
            var affordable = bound.Affordable(bound.Worst(n[5]));

            return price.Cost(usage) <= bound.Worst(n[5]) && affordable >= n[5] && bound.Worst(affordable) <= bound.Worst(n[5]);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(5000));
}
