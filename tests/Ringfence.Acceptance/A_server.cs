using System.Net;
using Xunit;

namespace Ringfence.Acceptance;

/// <summary>One API call runs an agent; who may call, and what is refused, is told in problems that say what to do.</summary>
public sealed class A_server
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact(Timeout = Patience)]
    public async Task Runs_an_agent_for_one_call_and_tells_every_event()
    {
        await using var ringfence = await RunningRingfence.StartAsync(Scripts.Writes("hello"));
        await ringfence.CommitAsync(("README.md", "# A project\n"));
        await using var server = await RunningServer.StartAsync(ringfence);

        var body = $$$"""{"repo":"{{{ringfence.Repository}}}","prompt":"Write a greeting","model":"simulated-model","done":["grep -q hello greeting.txt"],"metadata":{"ticket":7}}""";
        var created = await server.SendAsync(HttpMethod.Post, "/v1/runs", body, ("Idempotency-Key", "one"));
        var again = await server.SendAsync(HttpMethod.Post, "/v1/runs", body, ("Idempotency-Key", "one"));
        var id = (string)created.Json["id"]!;

        Assert.Equal(HttpStatusCode.Created, created.Status);
        Assert.Equal("pending", (string?)created.Json["status"]);
        Assert.Equal((HttpStatusCode.OK, id), (again.Status, (string?)again.Json["id"]));

        // The stream ends with the run.
        var events = await server.SendAsync(HttpMethod.Get, $"/v1/runs/{id}/events");
        Assert.Contains("event: run.started\n", events.Text, StringComparison.Ordinal);
        Assert.EndsWith("\n\n", events.Text, StringComparison.Ordinal);
        Assert.Contains("event: run.ended\n", events.Text[events.Text.LastIndexOf("event: ", StringComparison.Ordinal)..], StringComparison.Ordinal);

        var run = (await server.SendAsync(HttpMethod.Get, $"/v1/runs/{id}")).Json;
        Assert.Equal("completed", (string?)run["status"]);
        Assert.Equal(7, (int?)run["metadata"]!["ticket"]);
        Assert.Equal("hello\n", await ringfence.GitAsync("show", $"{run["outputs"]![0]!["place"]}:greeting.txt"));
        Assert.Contains("+hello", (await server.SendAsync(HttpMethod.Get, $"/v1/runs/{id}/diff")).Text, StringComparison.Ordinal);
        Assert.Equal(1, (int?)(await server.SendAsync(HttpMethod.Get, "/v1/runs?status=completed&search=greeting")).Json["pagination"]!["total"]);
    }

    [Theory(Timeout = Patience)]
    [InlineData("sonnet", "claude-sonnet-5-5")]
    [InlineData("opus", "claude-opus-5-5")]
    [InlineData("haiku", "claude-haiku-5-5")]
    public async Task Knows_the_short_name_of_a_model_and_its_price(string name, string model)
    {
        await using var ringfence = await RunningRingfence.StartAsync(Scripts.Writes("hello"));
        await ringfence.CommitAsync(("README.md", "# A project\n"));
        await using var server = await RunningServer.StartAsync(ringfence);

        var created = await server.SendAsync(HttpMethod.Post, "/v1/runs", $$"""{"repo":"{{ringfence.Repository}}","prompt":"Write a greeting","model":"{{name}}"}""");
        await server.SendAsync(HttpMethod.Get, $"/v1/runs/{created.Json["id"]}/events");
        var run = (await server.SendAsync(HttpMethod.Get, $"/v1/runs/{created.Json["id"]}")).Json;

        Assert.Equal(("completed", model), ((string?)run["status"], (string?)run["model"]));
    }

    [Fact(Timeout = Patience)]
    public async Task Answers_nobody_without_a_key_and_no_key_beyond_its_role()
    {
        await using var ringfence = await RunningRingfence.StartAsync(Scripts.Writes("hello"));
        await using var server = await RunningServer.StartAsync(ringfence);

        var viewer = (await server.SendAsync(HttpMethod.Post, "/v1/keys", """{"name":"eve","role":"viewer"}""")).Json;
        var asViewer = server with { Key = (string)viewer["key"]! };

        Assert.Equal(HttpStatusCode.OK, (await (server with { Key = "" }).SendAsync(HttpMethod.Get, "/healthz")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await (server with { Key = "rf_live_wrong" }).SendAsync(HttpMethod.Get, "/v1/runs")).Status);
        Assert.Equal(HttpStatusCode.OK, (await asViewer.SendAsync(HttpMethod.Get, "/v1/runs")).Status);
        Assert.Equal("forbidden", (string?)(await asViewer.SendAsync(HttpMethod.Post, "/v1/runs", "{}")).Json["code"]);
        Assert.Equal("forbidden", (string?)(await asViewer.SendAsync(HttpMethod.Get, "/v1/keys")).Json["code"]);

        await server.SendAsync(HttpMethod.Delete, $"/v1/keys/{viewer["id"]}");
        Assert.Equal(HttpStatusCode.Unauthorized, (await asViewer.SendAsync(HttpMethod.Get, "/v1/runs")).Status);
    }

    [Theory(Timeout = Patience)]
    [InlineData("""{"repo":"/etc","prompt":"x"}""", "repository_not_allowed")]
    [InlineData("""{"repo":"https://example.com/a.git","promt":"x"}""", "unknown_field")]
    [InlineData("""{"repo":"https://example.com/a.git","prompt":" "}""", "bad_field")]
    [InlineData("""{"repo":"https://example.com/a.git","prompt":"x","guardrails":{"maxTurns":0}}""", "bad_field")]
    [InlineData("""{"repo":"https://example.com/a.git","prompt":"x","guardrails":{"maxCostUsd":100000}}""", "bad_field")]
    [InlineData("""{"repo":"https://example.com/a.git","prompt":"x","network":["*"]}""", "network_pattern_too_wide")]
    [InlineData("[1]", "bad_body")]
    [InlineData("{", "bad_body")]
    [InlineData("null", "bad_body")]
    public async Task Refuses_what_it_cannot_do_and_says_why(string body, string code)
    {
        await using var ringfence = await RunningRingfence.StartAsync(Scripts.Writes("hello"));
        await using var server = await RunningServer.StartAsync(ringfence);

        var refused = await server.SendAsync(HttpMethod.Post, "/v1/runs", body);

        Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
        Assert.Equal(code, (string?)refused.Json["code"]);
        Assert.Equal(0, (int?)(await server.SendAsync(HttpMethod.Get, "/v1/runs")).Json["pagination"]!["total"]);
    }
}
