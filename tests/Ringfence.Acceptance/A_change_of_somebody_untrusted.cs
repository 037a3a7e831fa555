using System.Text.Json.Nodes;
using Xunit;

namespace Ringfence.Acceptance;

/// <summary>Whoever proposes a change does not tell the agent that works on it how to behave: its configuration comes from the branch it is meant for.</summary>
public sealed class A_change_of_somebody_untrusted
{
    [Theory(Timeout = 240_000)]
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

    [Fact(Timeout = 120_000)]
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
