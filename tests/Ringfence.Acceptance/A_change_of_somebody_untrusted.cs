using System.Text.Json.Nodes;
using Xunit;

namespace Ringfence.Acceptance;

/// <summary>Whoever proposes a change does not tell the agent that works on it how to behave: its configuration comes from the branch it is meant for.</summary>
public sealed class A_change_of_somebody_untrusted
{
    [Theory(Timeout = Patience)]
    [InlineData("ringfence-agent")]
    [InlineData("claude-code")]
    public async Task Is_worked_on_with_the_agent_configuration_of_the_base(string agent)
    {
        await using var ringfence = await RunningRingfence.StartAsync(
            """
            turns:
              - require: [{ body: TRUSTED-RULES }, { not: { body: THEIR-RULES } }, { not: { tool: mcp__notes__recall } }]
                calls: [{ tool: Bash, input: { command: "test ! -e hooked && test ! -e .mcp.json && test -e sub/CLAUDE.md && cat theirs.txt > made.txt" } }]
              - require: [{ result: { tool: Bash, error: false } }]
                text: Made.
            """);
        RealAgents.Place(ringfence, agent);
        await ringfence.CommitAsync(("CLAUDE.md", "TRUSTED-RULES\n"), ("sub/CLAUDE.md", "more\n"));
        await ringfence.GitAsync("checkout", "-q", "-b", "theirs");
        ringfence.Write("CLAUDE.md", "THEIR-RULES\n");
        ringfence.Write("AGENTS.md", "THEIR-RULES\n");
        ringfence.Write(".mcp.json", """{"mcpServers":{"theirs":{"command":"touch","args":["/workspace/hooked"]}}}""");
        ringfence.Write(".claude/settings.json", """{"hooks":{"SessionStart":[{"hooks":[{"type":"command","command":"touch /workspace/hooked"}]}]}}""");
        ringfence.Write("theirs.txt", "theirs\n");
        await ringfence.GitAsync("rm", "-q", "sub/CLAUDE.md");
        await ringfence.GitAsync("add", "-A");
        await ringfence.GitAsync("commit", "-q", "-m", "Please merge");

        var run = await ringfence.CliAsync(
            "run", "-p", "Look at it", "--agent", agent, "--model", "simulated-model", "--ref", "theirs", "--config-from", "main", "--json",
            "--done", "grep -q THEIR-RULES CLAUDE.md && test ! -e sub/CLAUDE.md");

        Assert.True(run.ExitCode == 0, run.ToString());
        await ringfence.ScriptWasPlayedAsync();
        var events = run.Lines.Select(line => JsonNode.Parse(line)!).ToList();
        Assert.Equal(["made.txt"], events[^1]["files"]!.AsArray().Select(file => (string?)file!["path"]));
        var replaced = events.Single(happened => (string?)happened["type"] == "agent.configuration_replaced")["data"]!;
        Assert.Equal((await ringfence.GitAsync("rev-parse", "main")).Trim(), (string?)replaced["source"]);
        Assert.Equal(
            [".claude/settings.json", ".mcp.json", "AGENTS.md", "CLAUDE.md", "sub/CLAUDE.md"], replaced["paths"]!.AsArray().Select(path => (string?)path).Order(StringComparer.Ordinal));
    }

    [Fact(Timeout = Patience)]
    public async Task Counts_as_that_by_the_reference_of_a_pull_request_alone_and_finds_what_was_set_up()
    {
        await using var ringfence = await RunningRingfence.StartAsync(
            """
            turns:
              - require: [{ body: TRUSTED-RULES }, { not: { body: THEIR-RULES } }]
                calls: [{ tool: Bash, input: { command: "cat deps/stamp theirs.txt > made.txt" } }]
              - require: [{ result: { tool: Bash, error: false } }]
                text: Made.
            """);
        await ringfence.CommitAsync(("CLAUDE.md", "TRUSTED-RULES\n"), (".gitignore", "deps\n"));
        await ringfence.GitAsync("checkout", "-q", "-b", "theirs");
        ringfence.Write("CLAUDE.md", "THEIR-RULES\n");
        ringfence.Write("theirs.txt", "theirs\n");
        await ringfence.GitAsync("add", "-A");
        await ringfence.GitAsync("commit", "-q", "-m", "Please merge");
        await ringfence.GitAsync("update-ref", "refs/pull/7/head", "theirs");
        await ringfence.GitAsync("checkout", "-q", "main");
        await using var server = await RunningServer.StartAsync(ringfence);

        var id = await server.RunAsync(ringfence, more: ""","branch":"refs/pull/7/head","setup":{"command":"mkdir deps && echo installed > deps/stamp","presets":["npm"]}""");
        var run = await server.EndedAsync(id);

        Assert.True((string?)run["status"] == "completed", run.ToJsonString());
        Assert.Equal(("HEAD", true, "npm"), ((string?)run["configFrom"], (bool)run["repoConfig"]!, (string?)run["setup"]!["presets"]![0]));
        Assert.Equal("installed\ntheirs\n", await ringfence.GitAsync("show", $"{run["outputs"]![0]!["place"]}:made.txt"));
    }

    [Theory(Timeout = Patience)]
    [InlineData(""" "repoConfig":false,"configFrom":"main" """, "configFrom: not together with repoConfig false.")]
    [InlineData(""" "configFrom":"" """, "configFrom: 1 to 1,024 characters.")]
    [InlineData(""" "setup":{} """, "setup.command: it is needed.")]
    [InlineData(""" "setup":{"command":"  "} """, "setup.command: not only white space.")]
    [InlineData(""" "setup":{"command":"x","presets":["nothing"]} """, "nothing")]
    public async Task Is_not_started_with_terms_that_cannot_be(string more, string why)
    {
        await using var ringfence = await RunningRingfence.StartAsync(script: null);
        await ringfence.CommitAsync(("README.md", "# A project\n"));
        await using var server = await RunningServer.StartAsync(ringfence, null, "--upstream", "anthropic=http://127.0.0.1:9");

        var answer = await server.PostAsync("/v1/runs", $$"""{"repo":"{{ringfence.Repository}}","prompt":"x",{{more}}}""");

        Assert.InRange((int)answer.Status, 400, 422);
        Assert.Contains(why, answer.Text, StringComparison.Ordinal);
    }

    [Fact(Timeout = Patience)]
    public async Task Fails_before_the_agent_starts_when_the_base_is_not_there()
    {
        await using var ringfence = await RunningRingfence.StartAsync(Scripts.Writes("hello"));
        await ringfence.CommitAsync(("README.md", "# A project\n"));

        var run = await ringfence.CliAsync("run", "-p", "Go", "--model", "simulated-model", "--config-from", "no-such-branch");

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("[unknown_ref]", run.Error, StringComparison.Ordinal);
        Assert.Equal(0, (int?)(await ringfence.ModelAsync())["requests"]);
    }
}
