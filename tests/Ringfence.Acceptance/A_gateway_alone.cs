using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Xunit;

namespace Ringfence.Acceptance;

/// <summary>The gateway for people who use nothing else: a file, keys, budgets, prices, and a switch that stops it all.</summary>
public sealed class A_gateway_alone
{
    private const string Model =
        """
        turns:
          - text: Done.
            usage: { input: 1000, output: 50 }
        repeat: true
        """;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact(Timeout = Patience)]
    public async Task Says_everything_that_is_wrong_with_its_file_before_it_starts()
    {
        await using var ringfence = await RunningRingfence.StartAsync(script: null);
        ringfence.Write("gateway.yaml", """
            listen: nowhere
            time_zone: Mars/Phobos
            max_body: 5 miles
            upstreams:
              - { wire: telegraph, url: "http://127.0.0.1:1" }
              - { wire: anthropic, url: "ftp://x" }
              - { wire: gemini, url: "http://127.0.0.1:1", colour: blue }
            port: 80
            """);

        var start = await ringfence.CliAsync("gateway", "--config", "gateway.yaml", "--listen", "x");

        Assert.Equal(2, start.ExitCode);
        Assert.All(
            ["gateway.yaml:1:", "gateway.yaml:2:", "gateway.yaml:3:", "telegraph", "gateway.yaml:6:", "colour", "'port'", "[bad_listen]"],
            said => Assert.Contains(said, start.Error, StringComparison.Ordinal));

        ringfence.Write("gateway.yaml", "upstreams: [{ wire: anthropic, url: \"http://127.0.0.1:1\", key: \"env:NOT_SET\" }]\n");
        Assert.Contains("NOT_SET", (await ringfence.CliAsync("gateway", "--config", "gateway.yaml")).Error, StringComparison.Ordinal);
    }

    [Fact(Timeout = Patience)]
    public async Task Serves_keys_with_budgets_over_the_next_server_when_one_is_gone_and_says_who_used_what()
    {
        await using var ringfence = await RunningRingfence.StartAsync(Model);
        ringfence.Write("gateway.yaml", $$"""
            listen: 127.0.0.1:0
            upstreams:
              - { wire: anthropic, url: "http://127.0.0.1:1" }
              - { wire: anthropic, url: "{{ringfence.ModelAddress}}", key: "env:ANTHROPIC_API_KEY" }
            """);
        var (first, id) = await KeyAsync(ringfence, "--name", "ci", "--team", "7", "--budget", "0.02");
        var (second, _) = await KeyAsync(ringfence, "--name", "nightly", "--team", "7");
        await using var gateway = ringfence.Start("gateway", "--config", "gateway.yaml");
        using var client = await ClientAsync(gateway);

        var calls = 0;

        while (await CallAsync(client, first) == HttpStatusCode.OK)
        {
            calls++;
        }

        Assert.InRange(calls, 1, 4);
        Assert.Equal(HttpStatusCode.OK, await CallAsync(client, second));
        Assert.Contains(id, (await ringfence.CliAsync("gateway", "keys", "list")).Output, StringComparison.Ordinal);
        await ringfence.CliAsync("gateway", "keys", "revoke", id);
        await UntilAsync(client, first, HttpStatusCode.Unauthorized);
        gateway.Signal("TERM");
        Assert.Equal(0, (await gateway.EndsAsync(Cancel)).ExitCode);

        var byTeam = Assert.Single(JsonNode.Parse((await ringfence.CliAsync("gateway", "usage", "--by", "team", "--json")).Output)!.AsArray())!;
        Assert.Equal(calls + 1, (int)byTeam["calls"]!);
        Assert.Equal((calls + 1) * 5_000_000L, (long)byTeam["cost"]!);
        Assert.Equal(2, JsonNode.Parse((await ringfence.CliAsync("gateway", "usage", "--by", "key", "--json")).Output)!.AsArray().Count);
        Assert.Equal("simulated-model", (string?)JsonNode.Parse((await ringfence.CliAsync("gateway", "usage", "--by", "model", "--json")).Output)![0]!["model"]);
    }

    [Fact(Timeout = Patience)]
    public async Task Freezes_a_key_whose_call_cost_more_than_its_bound_until_somebody_has_looked()
    {
        await using var ringfence = await RunningRingfence.StartAsync(
            """
            turns:
              - text: A lie.
                usage: { input: 900000, output: 50 }
              - text: The truth.
                usage: { input: 1000, output: 50 }
            repeat: true
            """);
        var (key, id) = await KeyAsync(ringfence, "--name", "ci");
        await using var gateway = ringfence.Start("gateway", "--listen", "127.0.0.1:0");
        using var client = await ClientAsync(gateway);

        Assert.Equal(HttpStatusCode.OK, await CallAsync(client, key));
        Assert.Equal(HttpStatusCode.Forbidden, await CallAsync(client, key));
        var shown = await ringfence.CliAsync("budget", "show", $"key:{id}");
        Assert.Contains("frozen", shown.Output, StringComparison.Ordinal);

        Assert.Equal(0, (await ringfence.CliAsync("budget", "thaw", $"key:{id}")).ExitCode);
        Assert.Equal(HttpStatusCode.OK, await CallAsync(client, key));
        var again = await ringfence.CliAsync("budget", "thaw", $"key:{id}");
        Assert.Equal(2, again.ExitCode);
        Assert.Contains("[not_frozen]", again.Error, StringComparison.Ordinal);
    }

    [Fact(Timeout = Patience)]
    public async Task Charges_imported_prices_which_rise_at_once_and_fall_only_when_that_is_accepted()
    {
        await using var ringfence = await RunningRingfence.StartAsync(Model);
        const string Entry = """{ "simulated-model": { "litellm_provider": "anthropic", "mode": "chat", "input_cost_per_token": PRICE, "output_cost_per_token": 2e-05, "max_input_tokens": 200000, "max_output_tokens": 8192 } }""";
        ringfence.Write("low.json", Entry.Replace("PRICE", "1e-06", StringComparison.Ordinal));
        ringfence.Write("high.json", Entry.Replace("PRICE", "1e-05", StringComparison.Ordinal));
        ringfence.Write("odd.json", Entry.Replace("PRICE", "1e-05, \"input_cost_per_moon\": 3", StringComparison.Ordinal));

        Assert.Contains("[price_falls]", (await ringfence.CliAsync("prices", "import", "low.json")).Error, StringComparison.Ordinal);
        Assert.Contains("input_cost_per_moon", (await ringfence.CliAsync("prices", "import", "odd.json")).Error, StringComparison.Ordinal);
        var import = await ringfence.CliAsync("prices", "import", "high.json");
        Assert.True(import.ExitCode == 0, import.ToString());
        var (key, _) = await KeyAsync(ringfence, "--name", "ci");

        await using (var gateway = ringfence.Start("gateway", "--listen", "127.0.0.1:0"))
        {
            using var client = await ClientAsync(gateway);
            Assert.Equal(HttpStatusCode.OK, await CallAsync(client, key));
            gateway.Signal("TERM");
            await gateway.EndsAsync(Cancel);
        }

        // 1,000 tokens at $10 and 50 at $20 per million.
        Assert.Equal(11_000_000L, (long)JsonNode.Parse((await ringfence.CliAsync("gateway", "usage", "--json")).Output)![0]!["cost"]!);
        Assert.Equal(0, (await ringfence.CliAsync("prices", "import", "low.json", "--accept-lower")).ExitCode);
    }

    [Fact(Timeout = Patience)]
    public async Task Cuts_what_it_streams_and_takes_nothing_more_once_everything_is_killed()
    {
        await using var ringfence = await RunningRingfence.StartAsync(
            """
            turns:
              - text: A long story that does not come to its end.
                fault: never
            repeat: true
            """);
        var (key, _) = await KeyAsync(ringfence, "--name", "ci");
        await using var gateway = ringfence.Start("gateway", "--listen", "127.0.0.1:0");
        using var client = await ClientAsync(gateway);
        var waiting = CallAsync(client, key);
        await ReachedAsync(ringfence, 1);

        var kill = await ringfence.CliAsync("kill", "all");

        Assert.True(kill.ExitCode == 0, kill.ToString());
        Assert.Equal(HttpStatusCode.Forbidden, await waiting);
        Assert.Equal(HttpStatusCode.Forbidden, await CallAsync(client, key));
        Assert.Single(await ringfence.ModelRequestsAsync());
        await ringfence.CliAsync("kill", "all", "--lift");

        // Gateways look several times a second: until then the stop still holds.
        var reached = ReachedAsync(ringfence, 2);
        var after = CallAsync(client, key);

        while (await Task.WhenAny(after, reached) == after)
        {
            Assert.Equal(HttpStatusCode.Forbidden, await after);
            after = CallAsync(client, key);
        }

        gateway.Signal("TERM");
        Assert.Equal(0, (await gateway.EndsAsync(Cancel)).ExitCode);
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => after);
    }

    // The call is at the model: from then on only the gateway can end it.
    private static async Task ReachedAsync(RunningRingfence ringfence, int requests)
    {
        while ((await ringfence.ModelRequestsAsync()).Count < requests)
        {
            await Task.Delay(20, Cancel);
        }
    }

    private static async Task UntilAsync(HttpClient client, string key, HttpStatusCode status)
    {
        while (await CallAsync(client, key) != status)
        {
            await Task.Delay(20, Cancel);
        }
    }

    private static async Task<(string Key, string Id)> KeyAsync(RunningRingfence ringfence, params string[] options)
    {
        var made = await ringfence.CliAsync(["gateway", "keys", "create", "--json", .. options]);
        Assert.True(made.ExitCode == 0, made.ToString());
        var key = JsonNode.Parse(made.Output)!;
        return ((string)key["key"]!, (string)key["id"]!);
    }

    private static async Task<HttpClient> ClientAsync(Cli gateway) =>
        new() { BaseAddress = new Uri((string)JsonNode.Parse(await gateway.LineAsync(Cancel))!["address"]!), Timeout = Timeout.InfiniteTimeSpan };

    private static async Task<HttpStatusCode> CallAsync(HttpClient client, string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/messages")
        {
            Content = new StringContent("""{"model":"simulated-model","max_tokens":100,"messages":[{"role":"user","content":"hello"}]}""", Encoding.UTF8, "application/json"),
        };
        request.Headers.Add("x-api-key", key);
        using var response = await client.SendAsync(request, Cancel);
        return response.StatusCode;
    }
}
