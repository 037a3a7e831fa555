using System.Text.Json.Nodes;
using Xunit;

namespace Ringfence.Acceptance;

/// <summary>With a server named, commands do there what they do here: same words, same views, same JSON, same exit codes.</summary>
public sealed class A_command_against_a_server
{
    [Fact(Timeout = Patience)]
    public async Task Shows_what_the_same_command_shows_on_the_servers_own_machine()
    {
        await using var ringfence = await RunningRingfence.StartAsync(Scripts.Writes("hello"));
        await ringfence.CommitAsync(("README.md", "# A project\n"));
        await using var server = await RunningServer.StartAsync(ringfence);
        string[] there = ["--server", server.Address, "--key", server.Key];

        var run = await ringfence.CliAsync(
            ["run", "-p", "Write a greeting", "--repo", ringfence.Repository, "--model", "simulated-model", "--done", "grep -q hello greeting.txt", "--json", .. there]);
        Assert.True(run.ExitCode == 0, run.ToString());
        var view = JsonNode.Parse(run.Lines[^1])!;
        var id = (string)view["id"]!;
        Assert.Equal("completed", (string?)view["status"]);
        Assert.Equal("run.ended", (string?)JsonNode.Parse(run.Lines[^2])!["type"]);

        foreach (string[] command in (string[][])
            [["runs", "--json"], ["runs"], ["show", id], ["show", id, "--json"], ["logs", id], ["logs", id[..14], "--json"], ["logs", id, "--all"], ["diff", id], ["diff", id, "--stat"],
            ["budget", "show", "--json"], ["audit", "verify", id], ["audit", "verify", id, "--json"], ["keys", "list"], ["keys", "list", "--json"], ["waive"], ["audit", "files", "--json"], ["audit", "spend", "--by", "model"], ["cancel", id]])
        {
            var here = await ringfence.CliAsync(command);
            var remote = await ringfence.CliAsync([.. command, .. there]);
            Assert.True(here.ExitCode == remote.ExitCode, $"{string.Join(' ', command)}: {here}\n=== there\n{remote}");
            Assert.True(here.Output == remote.Output, $"{string.Join(' ', command)}: {here}\n=== there\n{remote}");
        }
    }

    [Fact(Timeout = Patience)]
    public async Task Takes_what_narrows_a_run_and_what_prepares_it_to_the_server()
    {
        await using var ringfence = await RunningRingfence.StartAsync(Scripts.Writes("hello"));
        await ringfence.CommitAsync(("README.md", "# A project\n"), ("secrets/key.txt", "k\n"), ("package-lock.json", "{}\n"));
        await using var server = await RunningServer.StartAsync(ringfence);

        var run = await ringfence.CliAsync(
            "run", "-p", "Write a greeting", "--repo", ringfence.Repository, "--model", "simulated-model", "--deny-tool", "Bash(git push:*)", "--hide", "secrets/**", "--setup", "echo prepared",
            "--no-repo-config", "--json", "--server", server.Address, "--key", server.Key);

        Assert.True(run.ExitCode == 0, run.ToString());
        Assert.Contains(run.Lines, line => line.Contains("\"type\":\"context.hidden\"", StringComparison.Ordinal));
        Assert.Contains(run.Lines, line => line.Contains("echo prepared", StringComparison.Ordinal));

        var refused = await server.PostAsync("/v1/runs", """{"repo":"https://example.com/a.git","prompt":"x","deniedTools":["Bash(((("]}""");
        Assert.Equal("bad_field", (string?)refused.Json["code"]);
    }

    [Theory(Timeout = Patience)]
    [InlineData("local_command", "apply", "x")]
    [InlineData("local_option", "run", "-p", "x", "--repo", "https://example.com/a", "--silence", "1m")]
    [InlineData("unknown_run", "show", "0000000000000000")]
    [InlineData("no_repository", "run", "-p", "x")]
    public async Task Refuses_what_a_server_cannot_do_rather_than_do_it_here(string code, params string[] command)
    {
        await using var ringfence = await RunningRingfence.StartAsync(null);
        await using var server = await RunningServer.StartAsync(ringfence);

        var refused = await ringfence.CliAsync([.. command, "--server", server.Address, "--key", server.Key]);

        Assert.Equal(2, refused.ExitCode);
        Assert.Contains($"[{code}]", refused.Error, StringComparison.Ordinal);
    }
}
