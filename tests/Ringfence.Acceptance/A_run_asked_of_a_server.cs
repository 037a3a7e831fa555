using System.Net;
using Xunit;

namespace Ringfence.Acceptance;

/// <summary>One call says who must see the change first and who is told of the ending.</summary>
public sealed class A_run_asked_of_a_server
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact(Timeout = Patience)]
    public async Task Tells_its_callback_of_its_ending_signed_and_says_that_it_arrived()
    {
        await using var receiver = new WebhookReceiver();
        await using var ringfence = await RunningRingfence.StartAsync(Scripts.Writes("hello"));
        await ringfence.CommitAsync(("README.md", "# A project\n"));
        await File.WriteAllTextAsync(Path.Combine(ringfence.Home, "policy.yaml"), "webhook_networks: [\"127.0.0.0/8\"]\n", Cancel);
        await using var server = await RunningServer.StartAsync(ringfence);

        var run = await server.RunAsync(ringfence, more: $$""","callbackUrl":"{{receiver.Url}}done","metadata":{"ticket":7}""");
        var ended = await server.EndedAsync(run);
        Assert.True((string?)ended["status"] == "completed", ended.ToJsonString());

        var told = await receiver.NextAsync(Cancel);
        var secret = (string)(await server.GetAsync("/v1/webhooks/callback-secret")).Json["secret"]!;
        Assert.True(told.IsSignedWith(secret), told.ToString());
        Assert.Equal(("/done", "run.completed", run, 7), (told.Path, (string?)told.Json["event"], (string?)told.Json["run"]!["id"], (int?)told.Json["run"]!["metadata"]!["ticket"]));
        Assert.Equal(receiver.Url + "done", (string?)ended["callbackUrl"]);

        // The receiver has it before the server has its answer.
        while ((string?)(await server.GetAsync($"/v1/runs/{run}")).Json["callbackStatus"] != "delivered")
        {
            await Task.Delay(20, Cancel);
        }
    }

    [Fact(Timeout = Patience)]
    public async Task Waits_for_those_whom_the_call_named_and_for_nobody_else()
    {
        await using var ringfence = await RunningRingfence.StartAsync(Scripts.Writes("hello"));
        await ringfence.CommitAsync(("README.md", "# A project\n"));
        await using var server = await RunningServer.StartAsync(ringfence);
        var (ann, bob) = (await WithKeyAsync(server, "ann"), await WithKeyAsync(server, "bob"));

        var run = await server.RunAsync(ringfence, more: ""","approve":[{"kind":"diff","from":["key:bob"],"paths":["*.txt"],"withinSeconds":3600}]""");
        await server.SeesAsync(run, "approval.requested");
        var asked = (await bob.GetAsync($"/v1/approvals/{run}")).Json;
        var yes = $$"""{"decision":"approve","digest":"{{asked["digest"]}}"}""";

        Assert.Equal(("diff", "key:bob"), ((string?)asked["kind"], (string?)asked["needs"]![0]!["from"]![0]));
        Assert.Equal("self_approval", (string?)(await server.PostAsync($"/v1/approvals/{run}/decide", yes)).Json["code"]);
        Assert.Equal("not_asked", (string?)(await ann.PostAsync($"/v1/approvals/{run}/decide", yes)).Json["code"]);
        Assert.Equal("* main\n", await ringfence.GitAsync("branch"));

        var approved = await bob.PostAsync($"/v1/approvals/{run}/decide", yes);
        Assert.True(approved.Status == HttpStatusCode.OK, approved.ToString());
        var ended = await server.EndedAsync(run);
        Assert.True((string?)ended["status"] == "completed", ended.ToJsonString());
        Assert.Equal("hello\n", await ringfence.GitAsync("show", $"{ended["outputs"]![0]!["place"]}:greeting.txt"));
    }

    [Fact(Timeout = Patience)]
    public async Task Is_refused_when_it_would_tell_a_private_network_or_ask_what_nobody_can_answer()
    {
        await using var ringfence = await RunningRingfence.StartAsync(null);
        await using var server = await RunningServer.StartAsync(ringfence);

        foreach (var (more, code) in ((string, string)[])
            [
                (""" "callbackUrl":"https://127.0.0.1/" """, "private_address"), (""" "callbackUrl":"https://169.254.169.254/" """, "private_address"),
                (""" "callbackUrl":"http://hooks.example.com/" """, "bad_url"), (""" "callbackUrl":"x" """, "bad_url"), (""" "callbackUrl":"" """, "bad_field"),
                (""" "approve":[{"kind":"diff","from":["nobody"]}] """, "unknown_group"), (""" "approve":[{"kind":"everything"}] """, "bad_field"),
                (""" "approve":[{}] """, "bad_field"), (""" "approve":[null] """, "bad_field"), (""" "approve":[{"kind":"diff","count":11}] """, "bad_field"),
                (""" "approve":[{"kind":"diff","withinSeconds":59}] """, "bad_field"), (""" "approve":[{"kind":"plan","paths":["a"]}] """, "bad_field"),
                (""" "approve":[{"kind":"diff","raiseUsd":1}] """, "bad_field"), (""" "approve":["diff"] """, "bad_body"),
                (""" "approve":[{"kind":"diff","who":"me"}] """, "unknown_field"),
            ])
        {
            var refused = await server.PostAsync("/v1/runs", $$"""{"repo":"https://example.com/a.git","prompt":"x",{{more}}}""");
            Assert.Equal((more, HttpStatusCode.BadRequest, code), (more, refused.Status, (string?)refused.Json["code"]));
        }

        Assert.Equal(0, (int?)(await server.GetAsync("/v1/runs")).Json["pagination"]!["total"]);
    }

    private static async Task<RunningServer> WithKeyAsync(RunningServer server, string name) =>
        server with { Key = (string)(await server.PostAsync("/v1/keys", $$"""{"name":"{{name}}","role":"approver"}""")).Json["key"]! };
}
