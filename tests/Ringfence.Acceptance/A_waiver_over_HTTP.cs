using System.Net;
using System.Text.Json.Nodes;
using Xunit;

namespace Ringfence.Acceptance;

/// <summary>Approvers let findings pass for a while, in their name, over HTTP as at the terminal.</summary>
public sealed class A_waiver_over_HTTP
{
    private const string Small = """ "constraints":{"maxLines":1} """;

    [Fact(Timeout = Patience)]
    public async Task Lets_others_runs_pass_until_it_is_taken_back()
    {
        await using var ringfence = await RunningRingfence.StartAsync(Scripts.Writes("hello\\nworld"));
        await ringfence.CommitAsync(("README.md", "# A project\n"));
        await using var server = await RunningServer.StartAsync(ringfence);
        var runner = server with { Key = (string)(await server.PostAsync("/v1/keys", """{"name":"ci","role":"runner"}""")).Json["key"]! };

        var made = await ringfence.CliAsync(
            "waive", "size", ".", "--reason", "One-time rename", "--expires", "7d", "--repo", ringfence.Repository, "--json", "--server", server.Address, "--key", server.Key);
        Assert.True(made.ExitCode == 0, made.ToString());
        var refused = await runner.PostAsync("/v1/waivers", """{"gate":"size","place":".","reason":"Mine"}""");
        var passed = await runner.EndedAsync(await runner.RunAsync(ringfence, more: "," + Small));
        var listed = await ringfence.CliAsync("waive", "--json");
        var id = (string)JsonNode.Parse(made.Output)![0]!["id"]!;
        var revoked = await ringfence.CliAsync("waive", "--revoke", id, "--server", server.Address, "--key", server.Key);
        var again = await server.SendAsync(HttpMethod.Delete, $"/v1/waivers/{id}");

        Assert.Equal(HttpStatusCode.Forbidden, refused.Status);
        Assert.True((string?)passed["status"] == "completed", passed.ToJsonString());
        Assert.Equal(made.Output, listed.Output);
        Assert.True(revoked.ExitCode == 0, revoked.ToString());
        Assert.Equal(HttpStatusCode.NotFound, again.Status);
    }

    [Theory(Timeout = Patience)]
    [InlineData("""{"gate":"verification","place":".","reason":"No"}""", "bad_waiver")]
    [InlineData("""{"gate":"size","place":".","reason":"Ever","expiresInSeconds":31536001}""", "bad_field")]
    [InlineData("""{"gate":"size","place":".","reason":"Elsewhere","repo":"/etc"}""", "repository_not_allowed")]
    [InlineData("""{"gate":"size"}""", "bad_field")]
    public async Task Is_refused_when_it_says_too_much_or_too_little(string body, string code)
    {
        await using var ringfence = await RunningRingfence.StartAsync(null);
        await using var server = await RunningServer.StartAsync(ringfence);

        var refused = await server.PostAsync("/v1/waivers", body);

        Assert.Equal((HttpStatusCode.BadRequest, code), (refused.Status, (string?)refused.Json["code"]));
    }
}
