using System.Net;
using System.Text;
using Ringfence.Audit;
using Ringfence.Budgets;
using Ringfence.Gateway;
using Ringfence.Model;
using Ringfence.Runs;
using Ringfence.Storage;
using Ringfence.Tests.Storage;
using Xunit;

namespace Ringfence.Tests.Gateway;

/// <summary>What users of other gateways reported of budgets that several callers share, told as what happens here. Numbers are LiteLLM's unless named.</summary>
public abstract class Shared_budgets_that_failed_elsewhere(PostgresCluster? postgres) : StoreTest(postgres)
{
    private const string Messages = """{"model":"simulated-model","max_tokens":100,"messages":[{"role":"user","content":"hello"}]}""";

    // A call sets aside about 2,300 input tokens at $4 and 100 output tokens at $20 per million: about a cent; it costs half of one.
    private static readonly Turn HalfACent = new() { Text = "Done.", Usage = new() { Input = 1_000, Output = 50 }, Times = 1000 };

    private readonly Noon clock = new();

    // 38176, 36646: a budget that one of its keys, or one of the routes, did not feel.
    [Theory]
    [InlineData("/v1/messages", Messages)]
    [InlineData("/v1/chat/completions", Messages)]
    [InlineData("/v1/responses", """{"model":"simulated-model","max_output_tokens":100,"input":"hello"}""")]
    public async Task Every_key_of_a_team_feels_the_teams_budget_on_every_route(string path, string body)
    {
        await using var model = await SimulatedModel.StartAsync(HalfACent);
        var database = await OpenAsync(clock);
        await new BudgetBook(database, clock).SetAsync("team:7:day", Money.FromDollars(0.03m), "a test", Cancel);
        await using var gateway = await StartAsync(model, database);
        using var first = await KeyAsync(database, gateway, "7");
        using var second = await KeyAsync(database, gateway, "7");
        using var stranger = await KeyAsync(database, gateway, "8");

        while (await CallAsync(first, "/v1/messages", Messages) == HttpStatusCode.OK)
        {
        }

        Assert.Equal(HttpStatusCode.Forbidden, await CallAsync(second, path, body));
        Assert.Equal(HttpStatusCode.OK, await CallAsync(stranger, path, body));
    }

    // 22726, 27735, 40050: callers kept out by an amount that was no longer so.
    [Fact]
    public async Task A_limit_that_is_raised_lets_the_next_call_through_also_after_a_restart()
    {
        await using var model = await SimulatedModel.StartAsync(HalfACent);
        var database = await OpenAsync(clock);
        var keys = new GatewayKeyStore(database, clock);
        var (key, secret) = await keys.CreateAsync("ci", "me", null, Money.FromDollars(0.02m), null, null, [], Cancel);

        await using (var gateway = await StartAsync(model, database))
        {
            using var client = ClientOf(gateway, secret);

            while (await CallAsync(client, "/v1/messages", Messages) == HttpStatusCode.OK)
            {
            }

            await new BudgetBook(database, clock).SetAsync(key.Scope, Money.FromDollars(1), "a test", Cancel);
            Assert.Equal(HttpStatusCode.OK, await CallAsync(client, "/v1/messages", Messages));
        }

        await using var again = await StartAsync(model, database);
        using var later = ClientOf(again, secret);
        Assert.Equal(HttpStatusCode.OK, await CallAsync(later, "/v1/messages", Messages));
    }

    // 34732, 40095, 35524: several callers at once that each saw the same money.
    [Fact]
    public async Task Keys_of_one_team_at_two_gateways_at_once_do_not_pass_the_teams_budget()
    {
        await using var model = await SimulatedModel.StartAsync(HalfACent);
        var (one, other) = (await OpenAsync(clock), await OpenAsync(clock));
        var book = new BudgetBook(one, clock);
        await book.SetAsync("team:7:day", Money.FromDollars(0.10m), "a test", Cancel);

        await using (var first = await StartAsync(model, one))
        await using (var second = await StartAsync(model, other))
        {
            HttpClient[] clients = [await KeyAsync(one, first, "7"), await KeyAsync(one, second, "7"), await KeyAsync(one, first, "7"), await KeyAsync(one, second, "7")];
            await Task.WhenAll(Enumerable.Range(0, 64).Select(i => CallAsync(clients[i % 4], "/v1/messages", Messages)));
            Array.ForEach(clients, client => client.Dispose());
        }

        var spent = Assert.Single(await book.ListAsync("team:7:day", Cancel)).Spent;
        Assert.Equal(Money.FromDollars(0.005m * model.Answers), spent);
        Assert.InRange(spent.Dollars, 0.05m, 0.10m);
    }

    // gh-aw: a daily limit that summed only the runs that had completed.
    [Fact]
    public async Task A_workflows_day_counts_runs_that_go_on_and_runs_that_were_killed()
    {
        await using var model = await SimulatedModel.StartAsync(HalfACent);
        var database = await OpenAsync(clock);
        await using var gateway = await StartAsync(model, database);
        await using var going = Open(gateway, Money.FromDollars(0.025m));
        await using var killed = Open(gateway, Money.FromDollars(0.025m));
        Assert.Equal(HttpStatusCode.OK, (await going.MessageAsync(maxTokens: 100)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await killed.MessageAsync(maxTokens: 100)).StatusCode);
        killed.Lease.Kill("a test");
        await using var next = Open(gateway, Money.FromDollars(0.025m));

        while (await StatusAsync(next) == HttpStatusCode.OK)
        {
        }

        Assert.InRange(model.Answers, 3, 5);
        Assert.Equal("workflow:nightly:day", string.Join(':', next.Of<BudgetDenied>().Last().Scope.Split(':')[..3]));
    }

    // The workflow's file is in the repository: it may ask for less than an operator allows, not for more.
    [Fact]
    public async Task A_workflows_file_does_not_raise_what_an_operator_set()
    {
        await using var model = await SimulatedModel.StartAsync(HalfACent);
        var database = await OpenAsync(clock);
        await new BudgetBook(database, clock).SetAsync("workflow:nightly:day", Money.FromDollars(0.005m), "a test", Cancel);
        await using var gateway = await StartAsync(model, database);
        await using var agent = Open(gateway, Money.FromDollars(100));

        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(agent));
        Assert.Equal(0, model.Answers);
    }

    private static async Task<HttpStatusCode> StatusAsync(Agent agent)
    {
        using var response = await agent.MessageAsync(maxTokens: 100);
        return response.StatusCode;
    }

    private Agent Open(ModelGateway gateway, Money day) => RunningGateway.Open(gateway, new LeaseRequest
    {
        Run = RunId.New(clock),
        Limit = Money.FromDollars(5),
        Scopes = [new PayingScope("workflow:nightly:day", day)],
    });

    private async Task<ModelGateway> StartAsync(SimulatedModel model, Database database) => (await ModelGateway.StartAsync(
        new GatewayOptions
        {
            Upstreams = [.. Enum.GetValues<Wire>().Select(wire => new Upstream { Wire = wire, BaseAddress = new Uri(model.Address) })],
            Database = database,
            Listen = new IPEndPoint(IPAddress.Loopback, 0),
        },
        clock, Cancel)).Value;

    private async Task<HttpClient> KeyAsync(Database database, ModelGateway gateway, string team) =>
        ClientOf(gateway, (await new GatewayKeyStore(database, clock).CreateAsync("ci", "me", team, null, null, null, [], Cancel)).Secret);

    private static HttpClient ClientOf(ModelGateway gateway, string secret)
    {
        var client = new HttpClient { BaseAddress = new Uri($"http://{gateway.Address}") };
        client.DefaultRequestHeaders.Authorization = new("Bearer", secret);
        return client;
    }

    private static async Task<HttpStatusCode> CallAsync(HttpClient client, string path, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await client.PostAsync(path, content, Cancel);
        return response.StatusCode;
    }
}

public sealed class Shared_budgets_that_failed_elsewhere_on_sqlite() : Shared_budgets_that_failed_elsewhere(null);

public sealed class Shared_budgets_that_failed_elsewhere_on_postgres(PostgresCluster postgres) : Shared_budgets_that_failed_elsewhere(postgres);
