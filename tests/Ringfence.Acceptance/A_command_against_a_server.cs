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
            ["budget", "show", "--json"], ["audit", "verify", id], ["audit", "verify", id, "--json"], ["keys", "list"], ["keys", "list", "--json"], ["waive"], ["audit", "files", "--json"], ["audit", "spend", "--by", "model"], ["triggers"], ["triggers", "--json"], ["cancel", id]])
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

    [Fact(Timeout = Patience)]
    public async Task Asks_it_or_says_in_one_line_why_it_cannot()
    {
        await using var ringfence = await RunningRingfence.StartAsync(null);
        var root = (await ringfence.CliAsync("--help")).Output;
        var commands = root[root.IndexOf("Commands:", StringComparison.Ordinal)..].Split('\n').Skip(1).TakeWhile(line => line.Trim().Length > 0).Select(line => line.Trim().Split(' ')[0]).ToList();
        var table = (await ringfence.CliAsync("help", "server")).Lines;

        Assert.True(commands.Count > 30, root);
        Assert.All(commands, command => Assert.Contains(table, line => line.Split(' ')[0] == command));
        Assert.All(table, line => Assert.Matches("^[a-z-]+( [a-z-]+)* +(asks the server|here alone: it |here alone: prices )", line));
        Assert.DoesNotContain(table, line => line.Contains("has no form", StringComparison.Ordinal));

        foreach (var about in (string[])["run", "resume", "runs", "show", "logs", "diff", "cancel", "approve", "reject", "kill", "blame", "triggers", "audit verify"])
        {
            Assert.Matches($"^{about} +asks the server$", Assert.Single(table, line => line.StartsWith(about + "  ", StringComparison.Ordinal)));
        }

        var refused = await ringfence.CliAsync("audit", "sql", "select 1", "--server", "https://example.invalid", "--key", "rf_live_none");
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("`ringfence audit sql` works on this machine alone: it reads the store itself. [local_command]", refused.Error, StringComparison.Ordinal);
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
