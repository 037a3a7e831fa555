using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Ringfence.Audit;
using Ringfence.Notifications;
using Ringfence.Runs;
using Ringfence.Storage;
using Ringfence.Tests.Storage;
using Ringfence.Workflows;
using Xunit;

namespace Ringfence.Tests.Notifications;

public sealed class A_webhook_in_SQLite() : A_webhook(null);

public sealed class A_webhook_in_PostgreSQL(PostgresCluster postgres) : A_webhook(postgres);

/// <summary>Whoever asked is told what became of a run: signed, again and again until it arrives, and never into somebody's own network.</summary>
public abstract class A_webhook(PostgresCluster? postgres) : StoreTest(postgres)
{
    private static readonly IPNetwork[] Loopback = [IPNetwork.Parse("127.0.0.0/8")];

    private readonly Clock clock = new();

    [Fact]
    public async Task Arrives_signed_so_that_the_receiver_can_tell_who_sent_it()
    {
        await using var receiver = await Receiver.StartAsync();
        var database = await OpenAsync(clock);
        var (webhook, secret) = (await new WebhookStore(database, clock).AddAsync(receiver.Url, ["run.completed"], "key:ada", Loopback, Cancel)).Value;
        await EndAsync(database, "completed");
        await EndAsync(database, "failed");

        Assert.Equal(1, await SendAsync(database));

        var (headers, body) = Assert.Single(receiver.Received);
        var key = Convert.FromBase64String(secret["whsec_".Length..]);
        var expected = Convert.ToBase64String(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes($"{headers["webhook-id"]}.{headers["webhook-timestamp"]}.{body}")));
        Assert.Equal($"v1,{expected}", headers["webhook-signature"]);
        Assert.Equal(clock.Now.ToUnixTimeSeconds().ToString(System.Globalization.CultureInfo.InvariantCulture), headers["webhook-timestamp"]);
        Assert.Equal(("run.completed", "completed"), ((string?)JsonNode.Parse(body)!["event"], (string?)JsonNode.Parse(body)!["run"]!["status"]));
        Assert.Equal(1, Assert.Single(await new WebhookStore(database, clock).ListAsync(Cancel)).Delivered);
        Assert.Equal(0, await SendAsync(database));
        Assert.Equal(webhook.Id, Assert.Single(await new WebhookStore(database, clock).ListAsync(Cancel)).Id);
    }

    [Fact]
    public async Task Is_tried_again_with_the_same_id_and_given_up_after_eight_times()
    {
        await using var receiver = await Receiver.StartAsync(503);
        var database = await OpenAsync(clock);
        await new WebhookStore(database, clock).AddAsync(receiver.Url, ["run.failed"], "key:ada", Loopback, Cancel);
        await EndAsync(database, "failed");

        for (var i = 0; i < 12; i++)
        {
            await SendAsync(database);
            clock.Now += TimeSpan.FromHours(16);
        }

        Assert.Equal(8, receiver.Received.Count);
        Assert.Single(receiver.Received.Select(r => r.Headers["webhook-id"]).Distinct());
        Assert.Equal(8, receiver.Received.Select(r => r.Headers["webhook-timestamp"]).Distinct().Count());
        var health = Assert.Single(await new WebhookStore(database, clock).ListAsync(Cancel));
        Assert.Equal((0, 1, "answered 503"), ((int)health.Pending, (int)health.Dead, health.LastError));
    }

    [Fact]
    public async Task Waits_longer_after_each_failure_and_arrives_when_the_receiver_is_back()
    {
        await using var receiver = await Receiver.StartAsync(500);
        var database = await OpenAsync(clock);
        await new WebhookStore(database, clock).AddAsync(receiver.Url, ["run.failed"], "key:ada", Loopback, Cancel);
        await EndAsync(database, "failed");
        await SendAsync(database);

        clock.Now += TimeSpan.FromSeconds(4);
        Assert.Equal(0, await SendAsync(database));
        Assert.Single(receiver.Received);
        receiver.Answer = 204;
        clock.Now += TimeSpan.FromSeconds(2);

        Assert.Equal(1, await SendAsync(database));
        Assert.Equal(2, receiver.Received.Count);
    }

    [Fact]
    public async Task Goes_to_no_private_address_that_is_not_configured_and_follows_no_redirect()
    {
        await using var receiver = await Receiver.StartAsync(302);
        var database = await OpenAsync(clock);
        await new WebhookStore(database, clock).AddAsync(receiver.Url, ["run.failed"], "key:ada", Loopback, Cancel);
        await new WebhookStore(database, clock).AddAsync("https://127.0.0.1:1/", ["run.failed"], "key:ada", Loopback, Cancel);
        await EndAsync(database, "failed");

        using (var sender = new WebhookSender(database, () => new ServerPolicy(), clock))
        {
            Assert.Equal(0, await sender.SendDueAsync(Cancel));
        }

        Assert.Empty(receiver.Received);
        Assert.All(await new WebhookStore(database, clock).ListAsync(Cancel), hook => Assert.Contains("private network", hook.LastError, StringComparison.Ordinal));
        clock.Now += TimeSpan.FromMinutes(10);

        Assert.Equal(0, await SendAsync(database));
        Assert.Single(receiver.Received);
    }

    [Fact]
    public async Task Is_sent_once_by_many_senders()
    {
        await using var receiver = await Receiver.StartAsync();
        var database = await OpenAsync(clock);
        var replica = await OpenAsync(clock);
        await new WebhookStore(database, clock).AddAsync(receiver.Url, ["run.failed"], "key:ada", Loopback, Cancel);
        await EndAsync(database, "failed");

        await Task.WhenAll(Enumerable.Range(0, 6).Select(i => Task.Run(() => SendAsync(i % 2 == 0 ? database : replica))));

        Assert.Single(receiver.Received);
    }

    [Fact]
    public async Task Stands_beside_a_callback_of_the_run_and_a_message_to_its_channel()
    {
        await using var receiver = await Receiver.StartAsync();
        var database = await OpenAsync(clock);
        await EndAsync(database, "failed", new RunRequest
        {
            Prompt = "secret prompt", Repository = "<!channel> & co", RequestedBy = "ada", CallbackUrl = receiver.Url + "callback", Slack = "#identity", Metadata = """{"ticket":7}""",
        });

        Assert.Equal(2, await SendAsync(database, new Uri(receiver.Url + "slack")));

        var (headers, body) = receiver.Received.Single(r => r.Headers["path"] == "/callback");
        var key = Convert.FromBase64String((await new WebhookStore(database, clock).CallbackSecretAsync(Cancel))["whsec_".Length..]);
        Assert.Equal("v1," + Convert.ToBase64String(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes($"{headers["webhook-id"]}.{headers["webhook-timestamp"]}.{body}"))), headers["webhook-signature"]);
        Assert.Equal(7, (int?)JsonNode.Parse(body)!["run"]!["metadata"]!["ticket"]);
        var message = receiver.Received.Single(r => r.Headers["path"] == "/slack").Body;
        Assert.Equal("#identity", (string?)JsonNode.Parse(message)!["channel"]);
        Assert.Contains("&lt;!channel&gt; &amp; co", (string?)JsonNode.Parse(message)!["text"], StringComparison.Ordinal);
        Assert.DoesNotContain("secret prompt", message + body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ftp://example.com/", "run.failed", "bad_url")]
    [InlineData("https://user:word@example.com/", "run.failed", "bad_url")]
    [InlineData("https://example.com/#x", "run.failed", "bad_url")]
    [InlineData("example.com", "run.failed", "bad_url")]
    [InlineData("https://example.com/", "run.exploded", "bad_event")]
    public async Task Is_refused_when_nothing_could_come_of_it(string url, string happened, string code) => Assert.Equal(
        code, Assert.Single((await new WebhookStore(await OpenAsync(clock), clock).AddAsync(url, [happened], "key:ada", Loopback, Cancel)).Failures).Code);

    [Fact]
    public async Task Stands_once_for_each_address_and_twenty_five_times_in_all()
    {
        var store = new WebhookStore(await OpenAsync(clock), clock);

        for (var i = 0; i < WebhookStore.Most; i++)
        {
            Assert.False((await store.AddAsync($"https://example.com/{i}", ["run.failed"], "key:ada", Loopback, Cancel)).IsFailure);
        }

        Assert.Equal("too_many_webhooks", (await store.AddAsync("https://example.com/more", ["run.failed"], "key:ada", Loopback, Cancel)).Failures[0].Code);
        Assert.True(await store.RemoveAsync((await store.ListAsync(Cancel)).Single(hook => hook.Url.EndsWith("/3", StringComparison.Ordinal)).Id, Cancel));
        Assert.Equal("webhook_exists", (await store.AddAsync("https://example.com/7", ["run.failed"], "key:ada", Loopback, Cancel)).Failures[0].Code);
    }

    private async Task<int> SendAsync(Database database, Uri? slack = null)
    {
        using var sender = new WebhookSender(database, () => new ServerPolicy { WebhookNetworks = Loopback, Slack = slack }, clock);
        return await sender.SendDueAsync(Cancel);
    }

    private async Task EndAsync(Database database, string status, RunRequest? request = null)
    {
        var runs = new RunStore(database, clock);
        var run = await runs.CreateAsync(request ?? new RunRequest { Prompt = "p", Repository = "r", RequestedBy = "ada" }, Cancel);
        await using var recorder = await Recorder.OpenAsync(database, run.Id, clock, Cancel);

        foreach (var stage in status == "completed" ? new[] { RunStatus.Preparing, RunStatus.Running, RunStatus.Reviewing, RunStatus.Publishing } : [])
        {
            run = await runs.MoveAsync(run, stage, recorder, Cancel);
        }

        await runs.EndAsync(run, new RunEnded(status, status == "failed" ? "internal" : null, "It ended.", null, 1, 5, 7, new Dictionary<string, long>()), recorder, Cancel);
    }

    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = DateTimeOffset.UnixEpoch.AddYears(56);

        public override DateTimeOffset GetUtcNow() => Now;
    }

    /// <summary>A real HTTP server on loopback that keeps what it gets.</summary>
    private sealed class Receiver : IAsyncDisposable
    {
        private readonly WebApplication app;

        private Receiver(WebApplication app) => this.app = app;

        public string Url => app.Urls.First() + "/";

        public int Answer { get; set; }

        public List<(Dictionary<string, string> Headers, string Body)> Received { get; } = [];

        public static async Task<Receiver> StartAsync(int answer = 200)
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            var receiver = new Receiver(builder.Build()) { Answer = answer };
            receiver.app.Run(receiver.TakeAsync);
            await receiver.app.StartAsync(Cancel);
            return receiver;
        }

        public ValueTask DisposeAsync() => app.DisposeAsync();

        private async Task TakeAsync(HttpContext http)
        {
            using var reader = new StreamReader(http.Request.Body);
            var body = await reader.ReadToEndAsync(http.RequestAborted);
            var headers = http.Request.Headers.ToDictionary(header => header.Key.ToLowerInvariant(), header => header.Value.ToString());
            headers["path"] = http.Request.Path.Value!;

            lock (Received)
            {
                Received.Add((headers, body));
            }

            http.Response.StatusCode = Answer;
            http.Response.Headers.Location = Url + "elsewhere";
        }
    }
}
