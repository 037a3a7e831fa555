using System.Net;
using System.Net.Http.Json;
using Ringfence.Budgets;
using Ringfence.Gateway;
using Ringfence.Model;
using Ringfence.Storage;
using Ringfence.Tests.Storage;
using Xunit;

namespace Ringfence.Tests.Gateway;

/// <summary>The gateway for people who use nothing else of Ringfence, alone and as replicas on one database.</summary>
public abstract class A_gateway_key(PostgresCluster? postgres) : StoreTest(postgres)
{
    private static readonly Turn Cheap = new() { Text = "Done.", Usage = new() { Input = 1_000, Output = 50 }, Times = 1000 };

    private readonly Noon clock = new();

    [Fact]
    public async Task Spends_its_own_budget_and_is_listed_with_what_it_used()
    {
        await using var model = await SimulatedModel.StartAsync(Cheap);
        var database = await OpenAsync(clock);
        var keys = new GatewayKeyStore(database, clock);
        var (key, secret) = await keys.CreateAsync("ci", "me", "7", Money.FromDollars(0.04m), null, null, [], Cancel);

        await using (var gateway = await StartAsync(model, database))
        {
            using var client = ClientOf(gateway, secret);
            HttpStatusCode last;

            do
            {
                last = await CallAsync(client);
            }
            while (last == HttpStatusCode.OK);

            Assert.Equal(HttpStatusCode.Forbidden, last);
        }

        var used = Assert.Single(await keys.UsageAsync(Cancel));
        Assert.True(used.Cost <= key.Budget);
        Assert.Equal(model.Answers, used.Calls);
        Assert.Equal(Money.FromDollars(0.005m * used.Calls), used.Cost);

        foreach (var scope in await new BudgetBook(database, clock).ListAsync(null, Cancel))
        {
            Assert.Equal(used.Cost, scope.Spent);
            Assert.Equal(Money.Zero, scope.Held);
        }
    }

    [Fact]
    public async Task Is_not_overspent_by_replicas_at_once()
    {
        await using var model = await SimulatedModel.StartAsync(Cheap);
        var (one, other) = (await OpenAsync(clock), await OpenAsync(clock));
        var keys = new GatewayKeyStore(one, clock);
        var (_, secret) = await keys.CreateAsync("ci", "me", null, Money.FromDollars(0.10m), null, null, [], Cancel);

        await using (var first = await StartAsync(model, one))
        await using (var second = await StartAsync(model, other))
        {
            using var a = ClientOf(first, secret);
            using var b = ClientOf(second, secret);
            await Task.WhenAll(Enumerable.Range(0, 60).Select(i => CallAsync(i % 2 == 0 ? a : b)));
        }

        var spent = Assert.Single(await new BudgetBook(one, clock).ListAsync(null, Cancel)).Spent;
        Assert.Equal(Money.FromDollars(0.005m * model.Answers), spent);
        Assert.InRange(spent.Dollars, 0.05m, 0.10m);
    }

    [Fact]
    public async Task That_is_revoked_or_stopped_is_refused_within_a_second_or_so()
    {
        await using var model = await SimulatedModel.StartAsync(Cheap);
        var database = await OpenAsync(clock);
        var keys = new GatewayKeyStore(database, clock);
        var book = new BudgetBook(database, clock);
        var (key, secret) = await keys.CreateAsync("ci", "me", null, null, null, null, [], Cancel);
        await using var gateway = await StartAsync(model, database);
        using var client = ClientOf(gateway, secret);
        Assert.Equal(HttpStatusCode.OK, await CallAsync(client));

        await book.StopAsync(ScopeKey.All, "a test", Cancel);
        await UntilAsync(client, HttpStatusCode.Forbidden);
        await book.LiftAsync(ScopeKey.All, Cancel);
        await UntilAsync(client, HttpStatusCode.OK);
        await keys.RevokeAsync(key.Id, Cancel);
        await UntilAsync(client, HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Is_held_to_its_models_and_its_rate()
    {
        await using var model = await SimulatedModel.StartAsync(Cheap);
        var database = await OpenAsync(clock);
        var keys = new GatewayKeyStore(database, clock);
        var (_, narrow) = await keys.CreateAsync("narrow", "me", null, null, null, null, ["claude-opus-5-5"], Cancel);
        var (_, slow) = await keys.CreateAsync("slow", "me", null, null, null, 2, [], Cancel);
        await using var gateway = await StartAsync(model, database);
        using var first = ClientOf(gateway, narrow);
        using var second = ClientOf(gateway, slow);

        Assert.Equal(HttpStatusCode.BadRequest, await CallAsync(first));
        Assert.Equal(HttpStatusCode.OK, await CallAsync(second));
        Assert.Equal(HttpStatusCode.OK, await CallAsync(second));
        Assert.Equal(HttpStatusCode.TooManyRequests, await CallAsync(second));
    }

    private async Task<ModelGateway> StartAsync(SimulatedModel model, Database database) => (await ModelGateway.StartAsync(
        new GatewayOptions
        {
            Upstreams = [new Upstream { Wire = Wire.Anthropic, BaseAddress = new Uri(model.Address) }],
            Database = database,
            Listen = new IPEndPoint(IPAddress.Loopback, 0),
        },
        clock, Cancel)).Value;

    private static HttpClient ClientOf(ModelGateway gateway, string key)
    {
        var client = new HttpClient { BaseAddress = new Uri($"http://{gateway.Address}") };
        client.DefaultRequestHeaders.Add("x-api-key", key);
        return client;
    }

    private static async Task<HttpStatusCode> CallAsync(HttpClient client)
    {
        using var response = await client.PostAsJsonAsync(
            "/v1/messages", new { model = "simulated-model", max_tokens = 100, messages = new[] { new { role = "user", content = "hello" } } }, Cancel);

        return response.StatusCode;
    }

    // The gateways look a few times a second; the test's own time-out is the only limit.
    private static async Task UntilAsync(HttpClient client, HttpStatusCode status)
    {
        while (await CallAsync(client) != status)
        {
            await Task.Delay(20, Cancel);
        }
    }
}

public sealed class A_gateway_key_on_sqlite() : A_gateway_key(null);

public sealed class A_gateway_key_on_postgres(PostgresCluster postgres) : A_gateway_key(postgres);
