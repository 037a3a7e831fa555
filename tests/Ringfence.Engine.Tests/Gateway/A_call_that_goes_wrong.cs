using System.Net;
using System.Text;
using Ringfence.Audit;
using Ringfence.Gateway;
using Ringfence.Model;
using Xunit;

namespace Ringfence.Tests.Gateway;

/// <summary>Whatever comes in or back, there is a defined answer and a record, and what was set aside is settled.</summary>
public sealed class A_call_that_goes_wrong
{
    [Theory]
    [InlineData("not json", "invalid_request")]
    [InlineData("[]", "invalid_request")]
    [InlineData("{\"model\":\"simulated-model\"", "invalid_request")]
    [InlineData("{\"model\":\"simulated-model\"} trailing", "invalid_request")]
    [InlineData("{\"model\":7}", "invalid_request")]
    [InlineData("{\"max_tokens\":1}", "invalid_request")]
    [InlineData("{\"model\":\"simulated-model\",\"max_tokens\":1,\"max_tokens\":100000}", "invalid_request")]
    [InlineData("{\"model\":\"simulated-model\",\"max_tokens\":1,\"max\\u005ftokens\":100000}", "invalid_request")]
    [InlineData("{\"model\":\"simulated-model\",\"Max_Tokens\":100000}", "invalid_request")]
    [InlineData("{\"model\":\"simulated-model\",\"max_tokens\":-5}", "invalid_request")]
    [InlineData("{\"model\":\"simulated-model\",\"max_tokens\":1e9}", "invalid_request")]
    [InlineData("{\"model\":\"simulated-model\",\"max_tokens\":\"many\"}", "invalid_request")]
    [InlineData("{\"model\":\"simulated-model\",\"service_tier\":\"priority\"}", "unpriced_option")]
    [InlineData("{\"model\":\"simulated-model\",\"speed\":\"fast\"}", "unpriced_option")]
    [InlineData("{\"model\":\"simulated-model\",\"mcp_servers\":[{}]}", "unbounded_request")]
    [InlineData("{\"model\":\"simulated-model\",\"tools\":[{\"type\":\"something_new\"}]}", "unbounded_request")]
    [InlineData("{\"model\":\"simulated-model\",\"tools\":[{\"type\":\"web_search_20250305\",\"name\":\"web_search\"}]}", "unbounded_request")]
    public async Task Because_the_request_cannot_be_bounded_never_leaves(string body, string code)
    {
        await using var model = await SimulatedModel.StartAsync(new Turn { Text = "no" });
        await using var gateway = await RunningGateway.StartAsync(model.Address);
        await using var agent = gateway.Open();

        using var response = await agent.PostAsync("/v1/messages", body);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains($"[{code}]", await response.TextAsync(), StringComparison.Ordinal);
        Assert.Equal(code, Assert.Single(agent.Of<ModelFailed>()).Code);
        Assert.Empty(model.Requests);
        Assert.Equal(Money.Zero, agent.Lease.Spent);
    }

    [Fact]
    public async Task For_a_model_without_a_price_is_refused_with_the_status_at_which_the_agent_stops()
    {
        await using var model = await SimulatedModel.StartAsync(new Turn { Text = "no" });
        await using var gateway = await RunningGateway.StartAsync(model.Address);
        await using var agent = gateway.Open(change: request => request with { TerminalStatus = 418 });

        using var response = await agent.PostAsync("/v1/messages", """{"model":"no-such-model","max_tokens":1}""");

        Assert.Equal(418, (int)response.StatusCode);
        Assert.Contains("[unknown_model]", await response.TextAsync(), StringComparison.Ordinal);
        Assert.Equal("unknown_model", Assert.Single(agent.Of<ModelFailed>()).Code);
        Assert.Empty(model.Requests);
    }

    [Fact]
    public async Task With_an_absurd_maximum_is_bounded_by_the_models_own()
    {
        await using var model = await SimulatedModel.StartAsync(new Turn { Text = "ok", Usage = new() { Input = 10, Output = 10 } });
        await using var gateway = await RunningGateway.StartAsync(model.Address);
        await using var agent = gateway.Open(4m);

        using var response = await agent.MessageAsync(maxTokens: 900_000_000_000_000_000);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.InRange(Assert.Single(agent.Of<BudgetReserved>()).Nanodollars, 2_560_000_000, 2_600_000_000);
    }

    [Fact]
    public async Task With_a_body_of_100_megabytes_is_refused_with_an_answer()
    {
        await using var model = await SimulatedModel.StartAsync(new Turn { Text = "no" });
        await using var gateway = await RunningGateway.StartAsync(model.Address);
        await using var agent = gateway.Open();
        using var content = new ByteArrayContent(new byte[100 << 20]);

        using var response = await agent.SendAsync("/v1/messages", content);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Empty(model.Requests);
    }

    [Theory]
    [InlineData("/v1/embeddings")]
    [InlineData("/v1/messages/batches")]
    [InlineData("/v1/messages/../batches")]
    [InlineData("/v1beta/models/x%2F..%2Fy:generateContent")]
    public async Task To_a_path_that_is_not_metered_is_refused(string path)
    {
        await using var model = await SimulatedModel.StartAsync(new Turn { Text = "no" });
        await using var gateway = await RunningGateway.StartAsync(model.Address);
        await using var agent = gateway.Open();

        using var response = await agent.PostAsync(path, "{}");

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Empty(model.Requests);
    }

    [Fact]
    public async Task Because_the_provider_sends_a_web_page_counts_all_that_was_set_aside()
    {
        await using var model = await SimulatedModel.StartAsync(new Turn { Fault = Fault.Html });
        await using var gateway = await RunningGateway.StartAsync(model.Address);
        await using var agent = gateway.Open();

        using var response = await agent.MessageAsync();

        Assert.Contains("<", await response.TextAsync(), StringComparison.Ordinal);
        var settled = Assert.Single(await agent.SettledAsync(1));
        Assert.True(settled is { UsageKnown: false } && settled.SpentNanodollars == settled.ReservedNanodollars);
        Assert.Equal("usage_unknown", Assert.Single(agent.Of<ModelFailed>()).Code);
    }

    [Fact]
    public async Task Because_the_provider_refuses_costs_nothing_and_is_no_turn()
    {
        await using var model = await SimulatedModel.StartAsync(new Turn { Status = 529, Error = "overloaded_error: busy" });
        await using var gateway = await RunningGateway.StartAsync(model.Address);
        await using var agent = gateway.Open();

        using var response = await agent.MessageAsync();

        Assert.Equal(529, (int)response.StatusCode);
        Assert.Equal(Money.Zero, agent.Lease.Spent);
        Assert.Equal(0, agent.Lease.Turns);
        Assert.Equal(529, Assert.Single(agent.Of<ModelFailed>()).Status);
        Assert.Equal(0, Assert.Single(await agent.SettledAsync(1)).SpentNanodollars);
    }

    [Fact]
    public async Task Because_nobody_listens_there_costs_nothing()
    {
        await using var gateway = await RunningGateway.StartAsync("http://127.0.0.1:1");
        await using var agent = gateway.Open();

        using var response = await agent.MessageAsync();

        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        Assert.Equal("upstream_unreachable", Assert.Single(agent.Of<ModelFailed>()).Code);
        Assert.Equal(0, Assert.Single(await agent.SettledAsync(1)).SpentNanodollars);
    }

    [Fact]
    public async Task Because_the_provider_never_answers_ends_after_the_silence_allowed_and_counts()
    {
        await using var model = await SimulatedModel.StartAsync(new Turn { Fault = Fault.Never });
        await using var gateway = await RunningGateway.StartAsync(model.Address, o => o with { UpstreamSilence = TimeSpan.FromMilliseconds(300) });
        await using var agent = gateway.Open();

        using var response = await agent.MessageAsync();

        Assert.Equal(HttpStatusCode.GatewayTimeout, response.StatusCode);
        Assert.False(Assert.Single(await agent.SettledAsync(1)).UsageKnown);
    }

    [Fact]
    public async Task Because_the_provider_breaks_off_with_an_error_counts_all_that_was_set_aside()
    {
        await using var model = await SimulatedModel.StartAsync(new Turn { Text = "half of it", Fault = Fault.ErrorEvent });
        await using var gateway = await RunningGateway.StartAsync(model.Address);
        await using var agent = gateway.Open();

        using var response = await agent.MessageAsync(stream: true);

        var settled = Assert.Single(await agent.SettledAsync(1));
        Assert.True(settled is { UsageKnown: false } && settled.SpentNanodollars == settled.ReservedNanodollars);
        Assert.Equal("upstream_error", Assert.Single(agent.Of<ModelFailed>()).Code);
    }

    [Fact]
    public async Task Because_its_caller_left_counts_all_that_was_set_aside()
    {
        await using var model = await SimulatedModel.StartAsync(new Turn { Text = "a long story", Chunk = 1, Pace = TimeSpan.FromHours(1) });
        await using var gateway = await RunningGateway.StartAsync(model.Address);
        await using var agent = gateway.Open();

        using (var content = new StringContent("""{"model":"simulated-model","max_tokens":100,"stream":true,"messages":[]}""", Encoding.UTF8, "application/json"))
        using (var response = await agent.SendAsync("/v1/messages", content, whole: false))
        {
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }

        var settled = Assert.Single(await agent.SettledAsync(1));
        Assert.True(settled is { UsageKnown: false } && settled.SpentNanodollars == settled.ReservedNanodollars);
    }

    [Fact]
    public async Task Because_its_caller_takes_nothing_of_a_long_answer_is_cut_and_counts_all_that_was_set_aside()
    {
        // Far more than the sockets between them hold.
        await using var model = await SimulatedModel.StartAsync(new Turn { Text = new string('x', 32 << 20), Times = 9 });

        // The same time is given to the provider, which must be done with its long answer before.
        var (settled, failed) = await LongEnoughAsync(TimeSpan.FromSeconds(2), AskAsync, asked => asked.Failed != "upstream_silent");

        Assert.True(settled is { UsageKnown: false } && settled.SpentNanodollars == settled.ReservedNanodollars);
        Assert.Equal("cut", failed);

        async Task<(BudgetSettled Settled, string Failed)> AskAsync(TimeSpan silence)
        {
            await using var gateway = await RunningGateway.StartAsync(model.Address, o => o with { UpstreamSilence = silence });
            await using var agent = gateway.Open();
            using var content = new StringContent("""{"model":"simulated-model","messages":[]}""", Encoding.UTF8, "application/json");
            using var response = await agent.SendAsync("/v1/messages", content, whole: false);
            var settled = Assert.Single(await agent.SettledAsync(1));
            var failed = Assert.Single(agent.Of<ModelFailed>()).Code;

            if (failed == "cut")
            {
                await Assert.ThrowsAnyAsync<Exception>(() => response.TextAsync());
            }

            return (settled, failed);
        }
    }

    [Fact]
    public async Task Because_the_run_was_killed_is_cut_in_the_middle_of_its_stream_and_settled()
    {
        await using var model = await SimulatedModel.StartAsync(new Turn { Text = "a long story", Chunk = 1, Pace = TimeSpan.FromHours(1) });
        await using var gateway = await RunningGateway.StartAsync(model.Address);
        await using var agent = gateway.Open();
        using var content = new StringContent("""{"model":"simulated-model","max_tokens":100,"stream":true,"messages":[]}""", Encoding.UTF8, "application/json");
        using var response = await agent.SendAsync("/v1/messages", content, whole: false);

        agent.Lease.Kill("a test");

        await Assert.ThrowsAnyAsync<Exception>(() => response.TextAsync());
        Assert.False(Assert.Single(await agent.SettledAsync(1)).UsageKnown);
        using var next = await agent.MessageAsync();
        Assert.Equal(HttpStatusCode.Forbidden, next.StatusCode);
        Assert.Equal(LeaseEndingReason.Killed, agent.Lease.Ending!.Reason);
    }
}
