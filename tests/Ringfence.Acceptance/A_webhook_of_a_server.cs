using System.Net;
using Xunit;

namespace Ringfence.Acceptance;

/// <summary>Whoever is named over the API is told what became of runs, signed with a secret that is shown once, and never in a network that nobody opened.</summary>
public sealed class A_webhook_of_a_server
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact(Timeout = Patience)]
    public async Task Is_told_of_a_run_with_the_signature_of_the_secret_that_was_shown_once()
    {
        await using var receiver = new WebhookReceiver();
        await using var ringfence = await RunningRingfence.StartAsync(Scripts.Writes("hello"));
        await ringfence.CommitAsync(("README.md", "# A project\n"));
        await File.WriteAllTextAsync(Path.Combine(ringfence.Home, "policy.yaml"), "webhook_networks: [\"127.0.0.0/8\"]\n", Cancel);
        await using var server = await RunningServer.StartAsync(ringfence);
        var body = $$"""{"url":"{{receiver.Url}}","events":["run.completed"]}""";

        var made = await server.PostAsync("/v1/webhooks", body);
        var again = await server.PostAsync("/v1/webhooks", body);
        Assert.True(made.Status == HttpStatusCode.Created, made.ToString());
        Assert.Equal((HttpStatusCode.Conflict, "webhook_exists"), (again.Status, (string?)again.Json["code"]));
        var secret = (string)made.Json["secret"]!;

        var run = await server.RunAsync(ringfence);
        var ended = await server.EndedAsync(run);
        Assert.True((string?)ended["status"] == "completed", ended.ToJsonString());
        var told = await receiver.NextAsync(Cancel);
        Assert.True(told.IsSignedWith(secret), told.ToString());
        Assert.Equal(("run.completed", run, "completed"), ((string?)told.Json["event"], (string?)told.Json["run"]!["id"], (string?)told.Json["run"]!["status"]));

        var listed = await server.GetAsync("/v1/webhooks");
        Assert.Equal((string?)made.Json["id"], (string?)Assert.Single(listed.Json.AsArray())!["id"]);
        Assert.DoesNotContain("whsec_", listed.Text, StringComparison.Ordinal);

        var path = $"/v1/webhooks/{made.Json["id"]}";
        Assert.Equal(HttpStatusCode.NoContent, (await server.SendAsync(HttpMethod.Delete, path)).Status);
        Assert.Equal((HttpStatusCode.NotFound, "unknown_webhook"), await CodeAsync(server, HttpMethod.Delete, path));
        Assert.Empty((await server.GetAsync("/v1/webhooks")).Json.AsArray());
    }

    [Fact(Timeout = Patience)]
    public async Task Is_an_admins_to_make_and_to_see()
    {
        await using var ringfence = await RunningRingfence.StartAsync(null);
        await using var server = await RunningServer.StartAsync(ringfence);
        var bob = server with { Key = (string)(await server.PostAsync("/v1/keys", """{"name":"bob","role":"approver"}""")).Json["key"]! };
        const string Body = """{"url":"https://hooks.example.com/","events":["run.failed"]}""";

        Assert.Equal((HttpStatusCode.Forbidden, "forbidden"), await CodeAsync(bob, HttpMethod.Post, "/v1/webhooks", Body));
        Assert.Equal((HttpStatusCode.Forbidden, "forbidden"), await CodeAsync(bob, HttpMethod.Get, "/v1/webhooks"));
        Assert.Equal((HttpStatusCode.Forbidden, "forbidden"), await CodeAsync(bob, HttpMethod.Get, "/v1/webhooks/callback-secret"));
        Assert.Equal((HttpStatusCode.Forbidden, "forbidden"), await CodeAsync(bob, HttpMethod.Delete, "/v1/webhooks/whk_0"));
        Assert.Empty((await server.GetAsync("/v1/webhooks")).Json.AsArray());
    }

    [Fact(Timeout = Patience)]
    public async Task Is_refused_where_it_could_not_or_must_not_be_told()
    {
        await using var ringfence = await RunningRingfence.StartAsync(null);
        await using var server = await RunningServer.StartAsync(ringfence);

        foreach (var (url, code) in ((string, string)[])
            [
                ("https://127.0.0.1/", "private_address"), ("https://localhost/", "private_address"), ("https://a.localhost./", "private_address"),
                ("https://10.1.2.3:8443/x", "private_address"), ("https://[::ffff:10.0.0.1]/", "private_address"), ("https://0x7f.1/", "private_address"),
                ("https://169.254.169.254/latest/", "private_address"), ("https://[fd00:ec2::254]/", "private_address"), ("http://hooks.example.com/", "bad_url"),
                ("https://user:word@hooks.example.com/", "bad_url"), ("hooks.example.com", "bad_url"), ("file:///etc/passwd", "bad_url"),
            ])
        {
            var refused = await CodeAsync(server, HttpMethod.Post, "/v1/webhooks", $$"""{"url":"{{url}}","events":["run.failed"]}""");
            Assert.Equal((url, HttpStatusCode.BadRequest, code), (url, refused.Status, refused.Code));
        }

        var both = await server.PostAsync("/v1/webhooks", """{"url":"https://10.0.0.1/","events":["run.exploded"]}""");
        Assert.Equal(["private_address", "bad_event"], both.Json["errors"]!.AsArray().Select(error => (string)error!["code"]!));
        Assert.Empty((await server.GetAsync("/v1/webhooks")).Json.AsArray());
    }

    private static async Task<(HttpStatusCode Status, string? Code)> CodeAsync(RunningServer server, HttpMethod method, string path, string? body = null)
    {
        var answer = await server.SendAsync(method, path, body);
        return (answer.Status, (string?)answer.Json["code"]);
    }
}
