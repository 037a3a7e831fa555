using System.IO.Compression;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Ringfence.Audit;
using Ringfence.Budgets;
using Ringfence.Model;
using Xunit;

namespace Ringfence.Tests.Gateway;

/// <summary>What went wrong in others' gateways, by the number of the issue that tells it (LiteLLM's where no other name stands).</summary>
public sealed class Failures_of_others
{
    private static Turn Uses(long input, long output, int times = 1) => new() { Text = "Done.", Usage = new() { Input = input, Output = output }, Times = times };

    // 26672, 23714, 11083, 13882: budgets that some route did not enforce.
    [Theory]
    [InlineData("/v1/messages", """{"model":"simulated-model","max_tokens":100,"messages":[]}""")]
    [InlineData("/v1/messages", """{"model":"simulated-model","max_tokens":100,"stream":true,"messages":[]}""")]
    [InlineData("/v1/chat/completions", """{"model":"simulated-model","max_tokens":100,"messages":[]}""")]
    [InlineData("/v1/responses", """{"model":"simulated-model","max_output_tokens":100,"input":"hello"}""")]
    [InlineData("/v1beta/models/simulated-model:generateContent", """{"contents":[],"generationConfig":{"maxOutputTokens":100}}""")]
    [InlineData("/v1beta/models/simulated-model:streamGenerateContent?alt=sse", """{"contents":[],"generationConfig":{"maxOutputTokens":100}}""")]
    public async Task No_route_escapes_an_exhausted_budget(string path, string body)
    {
        await using var model = await SimulatedModel.StartAsync(Uses(10, 10, times: 10));
        await using var gateway = await RunningGateway.StartAsync(model.Address);
        await using var agent = gateway.Open(0.001m);

        using var response = await agent.PostAsync(path, body);

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.Equal(0, model.Answers);
    }

    // 36926, 27639: reservations that leak until a budget blocks for nothing.
    [Fact]
    public async Task Nothing_stays_reserved_after_calls_that_failed()
    {
        await using var model = await SimulatedModel.StartAsync(
            new Turn { Status = 500, Error = "api_error: broken", Times = 30 }, Uses(100, 100));

        await using var gateway = await RunningGateway.StartAsync(model.Address);
        await using var agent = gateway.Open(0.2m);

        for (var i = 0; i < 30; i++)
        {
            using var failed = await agent.MessageAsync(maxTokens: 8_000);
            Assert.Equal(HttpStatusCode.InternalServerError, failed.StatusCode);
        }

        using var good = await agent.MessageAsync(maxTokens: 8_000);
        Assert.Equal(HttpStatusCode.OK, good.StatusCode);
        Assert.Equal(Money.FromDollars(0.0024m), agent.Lease.Spent);
    }

    // 11364, 29145: cache tokens that counted as nothing.
    [Fact]
    public async Task Cache_tokens_have_their_price()
    {
        await using var model = await SimulatedModel.StartAsync(
            new Turn { Text = "ok", Usage = new() { Input = 10, Output = 10, CacheRead = 1_000, CacheWrite = 500 } });

        await using var gateway = await RunningGateway.StartAsync(model.Address);
        await using var agent = gateway.Open();

        using var response = await agent.PostAsync("/v1/messages", """{"model":"simulated-model","max_tokens":100,"system":[{"type":"text","text":"x","cache_control":{"type":"ephemeral"}}],"messages":[]}""");

        // 10 at $4, 1,000 at $0.40, 500 at $5, 10 at $20 per million.
        Assert.Equal(Money.FromDollars(0.00004m + 0.0004m + 0.0025m + 0.0002m), agent.Lease.Spent);
    }

    // software-agent-sdk 3845: sub-agents that each get the whole budget. claude-agent-sdk-python 1273: a trip in a sub-agent that hangs.
    [Fact]
    public async Task Sub_agents_spend_from_what_is_left_and_end_the_run_for_all()
    {
        await using var model = await SimulatedModel.StartAsync(Uses(1_000, 2_000, times: 100));
        await using var gateway = await RunningGateway.StartAsync(model.Address, o => o with { BudgetWait = TimeSpan.FromSeconds(5) });
        await using var agent = gateway.Open(0.30m, r => r with { Turns = 1 });
        using var main = await agent.MessageAsync(maxTokens: 4_096);

        await Task.WhenAll(Enumerable.Range(0, 8).Select(async i =>
        {
            HttpStatusCode status;

            do
            {
                using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/messages");
                request.Headers.Add("x-claude-code-agent-id", $"sub-{i}");
                request.Headers.Add("x-api-key", agent.Lease.Token);
                request.Content = new StringContent("""{"model":"simulated-model","max_tokens":4096,"messages":[{"role":"user","content":"hello"}]}""", Encoding.UTF8, "application/json");
                using var response = await agent.Client.SendAsync(request, TestContext.Current.CancellationToken);
                status = response.StatusCode;
            }
            while (status is HttpStatusCode.OK or HttpStatusCode.TooManyRequests);

            Assert.Equal(HttpStatusCode.Forbidden, status);
        }));

        Assert.True(agent.Lease.Spent <= Money.FromDollars(0.30m));
        await agent.Lease.Ended;
        Assert.Contains(agent.Of<BudgetThreshold>(), t => t.Percent == 50);
        Assert.Equal(1, agent.Lease.Turns);
    }

    // gh-aw-firewall 4788, 4850: an unknown price that made calls free.
    [Fact]
    public async Task A_model_without_a_price_is_not_free_but_refused()
    {
        await using var model = await SimulatedModel.StartAsync(Uses(10, 10));
        await using var gateway = await RunningGateway.StartAsync(model.Address);
        await using var agent = gateway.Open();

        using var response = await agent.PostAsync("/v1/messages", """{"model":"claude-next","max_tokens":1,"messages":[]}""");

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.Equal(0, model.Answers);
    }

    // 33736, 37558: an OpenAI stream without usage that nobody paid for.
    [Fact]
    public async Task A_chat_stream_is_metered_though_its_caller_did_not_ask_for_usage()
    {
        await using var model = await SimulatedModel.StartAsync(Uses(1_000, 50));
        await using var gateway = await RunningGateway.StartAsync(model.Address);
        await using var agent = gateway.Open();

        using var response = await agent.PostAsync("/v1/chat/completions", """{"model":"simulated-model","stream":true,"messages":[]}""");
        var text = await response.TextAsync();

        Assert.Contains("include_usage", Encoding.UTF8.GetString(Assert.Single(model.Requests).Body), StringComparison.Ordinal);
        Assert.Equal(Money.FromDollars(0.005m), agent.Lease.Spent);

        // The caller did not ask, so the event with usage and no choices is not in its stream.
        Assert.DoesNotContain("prompt_tokens", text, StringComparison.Ordinal);
        Assert.Contains("[DONE]", text, StringComparison.Ordinal);
    }

    // 5651, 7129, 24675, 8364, 22013, 10288, 9098: budgets that were reset late, twice or never. Here nothing is reset.
    [Fact]
    public void A_window_is_part_of_the_key_and_begins_at_midnight_where_its_owner_is()
    {
        var zone = TimeZoneInfo.CreateCustomTimeZone("test", TimeSpan.FromHours(-8), "test", "test");
        var before = new DateTimeOffset(2026, 11, 21, 7, 59, 59, TimeSpan.Zero);

        Assert.Equal("team:7:day:2026-11-20", ScopeKey.At("team:7:day", before, zone));
        Assert.Equal("team:7:day:2026-11-21", ScopeKey.At("team:7:day", before.AddSeconds(1), zone));
        Assert.Equal("team:7:month:2026-12", ScopeKey.At("team:7:month", new DateTimeOffset(2026, 12, 1, 8, 0, 0, TimeSpan.Zero), zone));
        Assert.Equal("run:1", ScopeKey.At("run:1", before, zone));
    }

    [Theory]
    [InlineData("gzip", 1)]
    [InlineData("br", 7)]
    [InlineData("deflate", 1000)]
    public async Task A_compressed_answer_passes_untouched_and_is_metered(string coding, int chunk)
    {
        const string Answer = """{"type":"message","model":"m","content":[{"type":"text","text":"ok"}],"stop_reason":"end_turn","usage":{"input_tokens":1000,"output_tokens":50}}""";
        var packed = Pack(coding, Answer);
        await using var upstream = await ServeAsync(packed, coding, chunk);
        await using var gateway = await RunningGateway.StartAsync(upstream.Urls.First());
        await using var agent = gateway.Open();

        using var response = await agent.MessageAsync();

        Assert.Equal(packed, await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        Assert.Equal(Money.FromDollars(0.005m), agent.Lease.Spent);
    }

    private static byte[] Pack(string coding, string text)
    {
        using var packed = new MemoryStream();

        using (Stream stream = coding switch
        {
            "gzip" => new GZipStream(packed, CompressionMode.Compress),
            "br" => new BrotliStream(packed, CompressionMode.Compress),
            _ => new ZLibStream(packed, CompressionMode.Compress),
        })
        {
            stream.Write(Encoding.UTF8.GetBytes(text));
        }

        return packed.ToArray();
    }

    private static async Task<WebApplication> ServeAsync(byte[] body, string coding, int chunk)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0));
        var server = builder.Build();

        server.Run(async context =>
        {
            context.Response.ContentType = "application/json";
            context.Response.Headers.ContentEncoding = coding;

            foreach (var part in body.Chunk(chunk))
            {
                await context.Response.Body.WriteAsync(part);
                await context.Response.Body.FlushAsync();
            }
        });

        await server.StartAsync(TestContext.Current.CancellationToken);
        return server;
    }
}
