using System.Net;
using System.Text.Json.Nodes;
using Ringfence.Audit;
using Ringfence.Gateway;
using Ringfence.Model;
using Xunit;

namespace Ringfence.Tests.Gateway;

public sealed class A_model_call
{
    private static readonly Turn OneTurn = new() { Text = "Done.", Usage = new() { Input = 1000, Output = 50 } };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Passes_through_and_is_charged_what_the_provider_counted(bool stream)
    {
        await using var model = await SimulatedModel.StartAsync(OneTurn);
        await using var gateway = await RunningGateway.StartAsync(model.Address);
        await using var agent = gateway.Open();

        using var response = await agent.MessageAsync(stream: stream);
        var text = await response.TextAsync();

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Contains("Done.", text, StringComparison.Ordinal);

        // 1,000 input at $4 and 50 output at $20 per million.
        Assert.Equal(Money.FromDollars(0.005m), agent.Lease.Spent);
        Assert.Equal(1, agent.Lease.Turns);
        var answer = Assert.Single(agent.Of<ModelResponded>());
        Assert.True(answer is { InputTokens: 1000, OutputTokens: 50, UsageKnown: true, Complete: true, Turn: 1 });
        Assert.Equal(["budget.reserved", "model.request", "context.composed", "model.response", "budget.settled"], agent.Facts.Select(f => f.Type));
    }

    [Theory]
    [InlineData("openai-chat", "/v1/chat/completions", """{"model":"simulated-model","messages":[{"role":"user","content":"hello"}]}""")]
    [InlineData("openai-chat", "/v1/chat/completions", """{"model":"simulated-model","stream":true,"messages":[{"role":"user","content":"hello"}]}""")]
    [InlineData("openai-responses", "/v1/responses", """{"model":"simulated-model","input":"hello"}""")]
    [InlineData("openai-responses", "/v1/responses", """{"model":"simulated-model","stream":true,"input":"hello"}""")]
    [InlineData("gemini", "/v1beta/models/simulated-model:generateContent", """{"contents":[{"role":"user","parts":[{"text":"hello"}]}]}""")]
    [InlineData("gemini", "/v1beta/models/simulated-model:streamGenerateContent?alt=sse", """{"contents":[{"role":"user","parts":[{"text":"hello"}]}]}""")]
    public async Task Is_metered_on_every_wire(string wire, string path, string body)
    {
        await using var model = await SimulatedModel.StartAsync(OneTurn);
        await using var gateway = await RunningGateway.StartAsync(model.Address);
        await using var agent = gateway.Open();

        using var response = await agent.PostAsync(path, body);

        Assert.Contains("Done.", await response.TextAsync(), StringComparison.Ordinal);
        Assert.Equal(wire, Assert.Single(agent.Of<ModelRequested>()).Provider);
        Assert.Equal(Money.FromDollars(0.005m), agent.Lease.Spent);
        Assert.True(Assert.Single(agent.Of<ModelResponded>()) is { UsageKnown: true, Complete: true });
    }

    [Fact]
    public async Task Reaches_the_provider_byte_for_byte_with_the_real_key_instead_of_the_token()
    {
        Environment.SetEnvironmentVariable("RINGFENCE_TEST_KEY", "sk-real");
        await using var model = await SimulatedModel.StartAsync(OneTurn);

        await using var gateway = await RunningGateway.StartAsync(model.Address, options => options with
        {
            Upstreams = [options.Upstreams[0] with { KeySource = "env:RINGFENCE_TEST_KEY" }],
        });

        await using var agent = gateway.Open();
        const string Body = """{ "model":"simulated-model","max_tokens":1000, "new_field":{"a":[1,2]},"messages":[{"role":"system","content":"\u00e9 "},{"role":"user","content":"hello"}]}""";

        using var response = await agent.PostAsync("/v1/messages?beta=true", Body);

        var received = Assert.Single(model.Requests);
        Assert.Equal(Body, System.Text.Encoding.UTF8.GetString(received.Body));
        Assert.Equal("/v1/messages?beta=true", received.Path);
        Assert.Equal("sk-real", received.Headers["x-api-key"]);
        Assert.DoesNotContain(received.Headers, h => h.Value.Contains(agent.Lease.Token, StringComparison.Ordinal));
    }

    [Fact]
    public async Task With_a_token_of_another_sandbox_is_refused()
    {
        await using var model = await SimulatedModel.StartAsync(OneTurn);
        await using var gateway = await RunningGateway.StartAsync(model.Address);
        await using var one = gateway.Open();
        await using var other = gateway.Open();

        using var response = await one.PostAsync("/v1/messages", """{"model":"simulated-model","messages":[]}""", token: other.Lease.Token);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Empty(model.Requests);
    }

    [Fact]
    public async Task Is_answered_at_the_turn_limit_with_the_status_at_which_the_agent_stops()
    {
        await using var model = await SimulatedModel.StartAsync(OneTurn, OneTurn);
        await using var gateway = await RunningGateway.StartAsync(model.Address);
        await using var agent = gateway.Open(change: r => r with { Turns = 1, TerminalStatus = 402 });

        using var first = await agent.MessageAsync();
        using var second = await agent.MessageAsync();

        Assert.Equal(HttpStatusCode.PaymentRequired, second.StatusCode);
        Assert.Equal("false", second.Headers.GetValues("x-should-retry").Single());
        Assert.Equal("billing_error", JsonNode.Parse(await second.TextAsync())!["error"]!["type"]!.GetValue<string>());
        await agent.Lease.Ended;
        Assert.Equal(LeaseEndingReason.MaxTurns, agent.Lease.Ending!.Reason);
        Assert.Equal(1, model.Answers);
    }
}
