using System.Text.Json.Nodes;
using Xunit;

namespace Ringfence.Acceptance;

/// <summary>A denied tool is refused by the agent where it takes rules, and where it does not keep them the change does not leave.</summary>
public sealed class A_denied_tool
{
    [Fact(Timeout = Patience)]
    public async Task Is_refused_by_an_agent_that_keeps_its_rules_and_the_work_goes_on()
    {
        await using var ringfence = await StartAsync("ringfence-agent", "Bash");

        var run = await RunAsync(ringfence, "ringfence-agent");

        Assert.True(run.ExitCode == 0, run.ToString());
        var denied = Assert.Single(run.Lines, line => line.Contains("\"type\":\"tool.denied\"", StringComparison.Ordinal));
        Assert.Equal("Bash(git push:*)", (string?)JsonNode.Parse(denied)!["data"]!["rule"]);
        Assert.DoesNotContain(run.Lines, line => line.Contains("denied_command", StringComparison.Ordinal));
    }

    [Theory(Timeout = Patience)]
    [InlineData("opencode", "bash", "command", "WebFetch")]
    [InlineData("codex", "exec_command", "cmd", "Bash(git tag:*)")]
    public async Task Is_refused_by_an_agent_whose_own_configuration_can_say_it(string agent, string shell, string argument, string other)
    {
        await using var ringfence = await StartAsync(agent, shell, argument, "webfetch");

        var run = await RunAsync(ringfence, agent, other);

        // A denied program that had started would have kept the change back.
        Assert.True(run.ExitCode == 0, run.ToString());
        Assert.DoesNotContain(run.Lines, line => line.Contains("denied_command", StringComparison.Ordinal));
    }

    [Fact(Timeout = Patience)]
    public async Task Keeps_the_change_back_when_an_agent_ran_it_all_the_same()
    {
        // In its mode without questions Gemini CLI leaves out whole tools and runs every command.
        await using var ringfence = await StartAsync("gemini-cli", "run_shell_command");

        var run = await RunAsync(ringfence, "gemini-cli");

        Assert.Equal(7, run.ExitCode);
        Assert.Contains(run.Lines, line => line.Contains("denied_command", StringComparison.Ordinal) && line.Contains("was git push", StringComparison.Ordinal));
        Assert.Equal("* main\n", await ringfence.GitAsync("branch"));
    }

    [Fact(Timeout = Patience)]
    public async Task Is_a_mistake_where_nobody_would_keep_it()
    {
        await using var ringfence = await RunningRingfence.StartAsync(script: null);
        await ringfence.CommitAsync((".ringfence/workflows/w.md", "---\nagent: codex\ntools: { deny: [mcp__tracker__close, \"Bash(git push:*)\"], allow: [Read] }\n---\nGo.\n"));

        var lint = await ringfence.CliAsync("lint", "w");

        Assert.Equal(2, lint.ExitCode);
        Assert.Contains("Nothing would enforce tools.deny 'mcp__tracker__close'", lint.Error, StringComparison.Ordinal);
        Assert.Contains("Nothing would enforce tools.allow", lint.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("'Bash(git push:*)'", lint.Error, StringComparison.Ordinal);
    }

    private static async Task<RunningRingfence> StartAsync(string agent, string shell, string argument = "command", string missing = "web_fetch")
    {
        var ringfence = await RunningRingfence.StartAsync(
            $$"""
            conversations:
              - name: side
                when: { not: { tool: {{shell}} } }
                repeat: true
                turns: [{ text: A title }]
            turns:
              - require: [{ not: { tool: WebFetch } }, { not: { tool: {{missing}} } }]
                calls: [{ tool: {{shell}}, input: { {{argument}}: "git push origin main", description: push } }]
              - calls: [{ tool: {{shell}}, input: { {{argument}}: "echo made > made.txt", description: make } }]
              - text: Done.
            """);
        RealAgents.Place(ringfence, agent);
        await ringfence.CommitAsync(("README.md", "# A project\n"));
        ringfence.Environment["OPENAI_BASE_URL"] = ringfence.Environment["GOOGLE_GEMINI_BASE_URL"] = ringfence.ModelAddress!;
        ringfence.Environment["OPENAI_API_KEY"] = ringfence.Environment["GEMINI_API_KEY"] = RunningRingfence.Key;
        return ringfence;
    }

    private static Task<CliResult> RunAsync(RunningRingfence ringfence, string agent, string other = "WebFetch") => ringfence.CliAsync(
        "run", "-p", "Make it", "--agent", agent, "--model", "simulated-model", "--deny-tool", "Bash(git push:*)", "--deny-tool", other, "--json",
        "--upstream", $"openai-chat={ringfence.ModelAddress}", "--upstream", $"openai-responses={ringfence.ModelAddress}", "--upstream", $"gemini={ringfence.ModelAddress}", "--upstream", $"anthropic={ringfence.ModelAddress}");
}
