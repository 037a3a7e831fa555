using System.Net;
using System.Text.Json.Nodes;
using Ringfence.Audit;
using Ringfence.Gateway;
using Ringfence.Model;
using Xunit;

namespace Ringfence.Tests.Gateway;

public sealed class A_budget_at_the_gateway
{
    private static Turn Uses(long input, long output, int times = 1) => new() { Text = "Done.", Usage = new() { Input = input, Output = output }, Times = times };

    [Fact]
    public async Task Of_one_request_admits_at_most_one_of_64_at_once()
    {
        await using var model = await SimulatedModel.StartAsync(Uses(1_500, 4_096, times: 64));
        await using var gateway = await RunningGateway.StartAsync(model.Address, o => o with { BudgetWait = TimeSpan.Zero });

        // 2,300 bytes at the input price and 4,096 tokens out cost some nine cents at most; two such calls do not fit.
        await using var agent = gateway.Open(0.15m);

        var answers = await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => agent.MessageAsync(maxTokens: 4_096)));

        Assert.InRange(answers.Count(a => a.StatusCode == HttpStatusCode.OK), 1, 1);
        Assert.Equal(1, model.Answers);
        Assert.True(agent.Lease.Spent <= Money.FromDollars(0.15m));
    }

    [Fact]
    public async Task Is_never_passed_by_parallel_calls_that_wait_their_turn()
    {
        await using var model = await SimulatedModel.StartAsync(Uses(1_000, 2_000, times: 100));
        await using var gateway = await RunningGateway.StartAsync(model.Address);
        await using var agent = gateway.Open(0.30m);

        await Task.WhenAll(Enumerable.Range(0, 24).Select(_ => agent.MessageAsync(maxTokens: 8_000)));

        Assert.True(agent.Lease.Spent <= Money.FromDollars(0.30m), agent.Lease.Spent.ToString());

        // 4.4 cents a call: what is left at the end is less than the smallest useful call needs.
        Assert.True(agent.Lease.Spent >= Money.FromDollars(0.17m), agent.Lease.Spent.ToString());
        Assert.Equal(LeaseEndingReason.MaxCost, agent.Lease.Ending!.Reason);
    }

    [Fact]
    public async Task Lowers_the_maximum_of_a_call_to_what_the_money_left_pays_for()
    {
        await using var model = await SimulatedModel.StartAsync(Uses(100, 100));
        await using var gateway = await RunningGateway.StartAsync(model.Address);
        await using var agent = gateway.Open(0.50m);

        using var response = await agent.MessageAsync(maxTokens: 128_000, more: ""","thinking":{"type":"enabled","budget_tokens":100000}""");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var sent = JsonNode.Parse(Assert.Single(model.Requests).Body)!;
        var most = sent["max_tokens"]!.GetValue<long>();
        var clamped = Assert.Single(agent.Of<BudgetClamped>());
        Assert.Equal(128_000, clamped.MaxTokensBefore);
        Assert.Equal(most, clamped.MaxTokensAfter);

        // $0.50 pays for fewer than 25,000 tokens at $20 per million; thinking must fit below.
        Assert.InRange(most, 20_000, 25_000);
        Assert.Equal(most - 1, sent["thinking"]!["budget_tokens"]!.GetValue<long>());
    }

    [Fact]
    public async Task That_is_used_up_ends_the_lease_with_an_answer_that_stops_the_agent()
    {
        await using var model = await SimulatedModel.StartAsync(Uses(2_000, 4_000, times: 9));
        await using var gateway = await RunningGateway.StartAsync(model.Address);
        await using var agent = gateway.Open(0.10m, r => r with { TerminalStatus = 400 });

        using var first = await agent.MessageAsync(maxTokens: 4_000);
        using var second = await agent.MessageAsync(maxTokens: 4_000);

        Assert.Equal(HttpStatusCode.BadRequest, second.StatusCode);
        Assert.Equal("false", second.Headers.GetValues("x-should-retry").Single());
        await agent.Lease.Ended;
        Assert.Equal("budget_exhausted", agent.Lease.Ending!.Failure.Code);
        Assert.Equal("budget_exhausted", Assert.Single(agent.Of<BudgetDenied>()).Code);
        Assert.Equal(1, model.Answers);
    }

    [Fact]
    public async Task Without_a_maximum_in_the_request_reserves_the_models_maximum_and_gives_the_rest_back()
    {
        await using var model = await SimulatedModel.StartAsync(Uses(100, 100, times: 20));
        await using var gateway = await RunningGateway.StartAsync(model.Address);
        await using var agent = gateway.Open(3m);

        for (var i = 0; i < 20; i++)
        {
            using var response = await agent.PostAsync("/v1/messages", """{"model":"simulated-model","messages":[{"role":"user","content":"hello"}]}""");
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }

        // 128,000 tokens at $20 per million.
        Assert.All(agent.Of<BudgetReserved>(), r => Assert.InRange(r.Nanodollars, 2_560_000_000, 2_600_000_000));
        Assert.Equal(Money.FromDollars(20 * 0.0024m), agent.Lease.Spent);
    }

    [Fact]
    public async Task Counts_the_whole_reservation_when_the_answer_is_cut()
    {
        await using var model = await SimulatedModel.StartAsync(Uses(1_000, 1_000) with { Cut = new() { Events = 3 }, Pace = TimeSpan.FromMilliseconds(50) });
        await using var gateway = await RunningGateway.StartAsync(model.Address);
        await using var agent = gateway.Open();

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => agent.MessageAsync(maxTokens: 5_000, stream: true));

        var settled = Assert.Single(await agent.SettledAsync(1));
        Assert.False(settled.UsageKnown);
        Assert.Equal(settled.ReservedNanodollars, settled.SpentNanodollars);
        Assert.Equal(settled.SpentNanodollars, agent.Lease.Spent.Nanodollars);
        Assert.False(Assert.Single(agent.Of<ModelResponded>()).Complete);
    }

    [Fact]
    public async Task Freezes_when_a_call_costs_more_than_its_bound()
    {
        await using var model = await SimulatedModel.StartAsync(Uses(900_000, 10, times: 2));
        await using var gateway = await RunningGateway.StartAsync(model.Address);
        await using var agent = gateway.Open(10m);

        using var first = await agent.MessageAsync();
        using var second = await agent.MessageAsync();

        // 900,000 tokens for 90 bytes: the figure is charged as it was reported, and nothing more is let through.
        Assert.Equal(Money.FromDollars(3.6002m), agent.Lease.Spent);
        Assert.Single(agent.Of<BudgetFrozen>());
        Assert.Equal(HttpStatusCode.Forbidden, second.StatusCode);
        Assert.Equal("budget_frozen", agent.Lease.Ending!.Failure.Code);
        Assert.Equal(1, model.Answers);
    }

    [Fact]
    public async Task Bounds_a_growing_conversation_by_what_it_really_used_before()
    {
        await using var model = await SimulatedModel.StartAsync(Uses(5_000, 100, times: 2));
        await using var gateway = await RunningGateway.StartAsync(model.Address);
        await using var agent = gateway.Open();
        var start = new string('x', 40_000);

        using var first = await agent.PostAsync("/v1/messages", $$"""{"model":"simulated-model","max_tokens":1000,"messages":[{"role":"user","content":"{{start}}"}]}""");
        using var second = await agent.PostAsync("/v1/messages", $$"""{"model":"simulated-model","max_tokens":1000,"messages":[{"role":"user","content":"{{start}}"},{"role":"user","content":"more"}]}""");

        var reserved = agent.Of<BudgetReserved>().Select(r => r.Nanodollars).ToList();

        // First 40,000 bytes and the overhead, then 5,000 tokens and some hundred.
        Assert.InRange(reserved[0], 180_000_000, 200_000_000);
        Assert.InRange(reserved[1], 40_000_000, 45_000_000);
    }
}
