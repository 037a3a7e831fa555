using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Xunit;

namespace Ringfence.Acceptance;

/// <summary>Whoever operates a server sees what it does in numbers and lines, with no word of what was asked, and callers who ask too often are told when to come back.</summary>
public sealed class What_a_server_tells
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact(Timeout = Patience)]
    public async Task In_its_numbers_is_what_it_did_and_in_its_log_nothing_of_what_was_asked()
    {
        const string Prompt = "Write a salutation for Mildred";
        await using var ringfence = await RunningRingfence.StartAsync(Scripts.Writes("hello"));
        await ringfence.CommitAsync(("README.md", "# A project\n"));
        var server = await RunningServer.StartAsync(ringfence);
        var run = await server.RunAsync(ringfence, Prompt, ",\"env\":{\"COLOUR\":\"vermilion\"}");
        Assert.Equal("completed", (string?)(await server.EndedAsync(run))["status"]);
        await server.PostAsync("/v1/runs", """{"repo":"https://127.0.0.1:1/none.git","prompt":" "}""");

        var numbers = (await server.GetAsync("/metrics")).Text.Split('\n');
        server.Process.Signal("TERM");
        var log = (await server.Process.EndsAsync(Cancel)).Error;
        await server.Process.DisposeAsync();

        Assert.Equal(1, Value(numbers, "ringfence_http_request_seconds_count{method=\"POST\",route=\"/v1/runs\",status=\"201\"}"));
        Assert.Equal(1, Value(numbers, "ringfence_http_request_seconds_count{method=\"POST\",route=\"/v1/runs\",status=\"400\"}"));
        Assert.Equal((1, 4), (Value(numbers, "ringfence_store_ready"), Value(numbers, "ringfence_runs_most")));
        Assert.All(numbers.Where(line => line.Length > 0 && line[0] != '#'), line => Assert.Matches("""^[a-z_]+(\{([a-z]+="[^"]*",?)+\})? [0-9.E+-]+$""", line));
        Assert.Contains(run, log, StringComparison.Ordinal);
        Assert.All(log.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => Assert.NotNull(JsonNode.Parse(line)!["Message"]));
        Assert.All(["Mildred", "greeting", "vermilion", RunningRingfence.Key, server.Key], word => Assert.DoesNotContain(word, log, StringComparison.Ordinal));
    }

    [Fact(Timeout = Patience)]
    public async Task To_whoever_asks_too_often_is_when_to_come_back()
    {
        await using var ringfence = await RunningRingfence.StartAsync(null);
        await using var server = await RunningServer.StartAsync(ringfence, null, "--rate-limit", "60");
        var other = server with { Key = (string)(await server.PostAsync("/v1/keys", """{"name":"other","role":"viewer"}""")).Json["key"]! };

        // Ten at once and one a second: of so many some are too many, however slow this machine is.
        var answers = await Task.WhenAll(Enumerable.Range(0, 300).Select(_ => server.SendAsync(HttpMethod.Get, "/v1/runs")));

        var refused = answers.First(answer => answer.Status == HttpStatusCode.TooManyRequests);
        Assert.Equal(("rate_limited", "application/problem+json"), ((string?)refused.Json["code"], refused.Type));
        Assert.True(int.Parse(refused.RetryAfter!, CultureInfo.InvariantCulture) >= 1);
        Assert.Contains(answers, answer => answer.Status == HttpStatusCode.OK);
        Assert.Equal(HttpStatusCode.OK, (await other.GetAsync("/v1/runs")).Status); // each key has its own
        Assert.Equal(HttpStatusCode.OK, (await server.GetAsync("/healthz")).Status);
    }

    private static double Value(string[] numbers, string name) =>
        double.Parse(Assert.Single(numbers, line => line.StartsWith(name + " ", StringComparison.Ordinal)).Split(' ')[^1], CultureInfo.InvariantCulture);
}
