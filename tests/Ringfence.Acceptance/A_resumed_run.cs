using System.Text.Json.Nodes;
using Xunit;

namespace Ringfence.Acceptance;

/// <summary>An ended run goes on as a new one: with the files that it left, the conversation that its agent had, and more of what it lacked.</summary>
public sealed class A_resumed_run
{
    [Theory(Timeout = Patience)]
    [InlineData("ringfence-agent", "anthropic", "Bash", "command")]
    [InlineData("claude-code", "anthropic", "Bash", "command")]
    [InlineData("codex", "openai-responses", "exec_command", "cmd")]
    [InlineData("gemini-cli", "gemini", "run_shell_command", "command")]
    [InlineData("opencode", "openai-chat", "bash", "command")]
    [InlineData("qwen-code", "openai-chat", "run_shell_command", "command")]
    public async Task Goes_on_with_the_conversation_after_a_cap(string agent, string wire, string tool, string argument)
    {
        await using var ringfence = await RunningRingfence.StartAsync(
            $$"""
            conversations:
              - { name: side, when: { not: { tool: {{tool}} } }, repeat: true, turns: [{ text: A title }] }
            turns:
              - text: WORD-OF-THE-FIRST-RUN
                calls: [{ tool: {{tool}}, input: { {{argument}}: "echo one > first.txt; echo kept > built.log" } }]
              - require: [{ body: WORD-OF-THE-FIRST-RUN }, { body: NOW-THE-SECOND }]
                calls: [{ tool: {{tool}}, input: { {{argument}}: "cat first.txt built.log > second.txt" } }]
              - text: Both are there.
            """);
        RealAgents.Place(ringfence, agent);
        await ringfence.CommitAsync((".gitignore", "*.log\n"));
        var upstream = $"{wire}={ringfence.ModelAddress}";

        var first = await ringfence.CliAsync("run", "-p", "Write two files", "--agent", agent, "--model", "simulated-model", "--max-turns", "1", "--upstream", upstream);
        Assert.True(first.ExitCode == 4, first.ToString());
        var ended = (string)(await ringfence.OnlyRunAsync())["id"]!;

        var refused = await ringfence.CliAsync("resume", ended, "--upstream", upstream);
        Assert.True(refused.ExitCode == 2 && refused.Error.Contains("[turns_used_up]", StringComparison.Ordinal), refused.ToString());

        var second = await ringfence.CliAsync("resume", ended[..12], "--turns", "+5", "-p", "NOW-THE-SECOND", "--json", "--upstream", upstream);

        Assert.True(second.ExitCode == 0, second.ToString());
        Assert.Equal(3, (int?)(await ringfence.ModelAsync())["conversations"]!["main"]);
        var events = second.Lines.Select(line => JsonNode.Parse(line)!).ToList();
        Assert.Equal(ended, (string?)events[^1]["continues"]);
        Assert.Equal(ended, (string?)events.First(e => (string?)e["type"] == "run.requested")["data"]!["continues"]);
        Assert.Equal("one\nkept\n", await ringfence.GitAsync("show", $"{events[^1]["published"]}:second.txt"));
        Assert.Equal("one\n", await ringfence.GitAsync("show", $"{events[^1]["published"]}:first.txt"));
        Assert.DoesNotContain("second.txt", (await ringfence.CliAsync("diff", ended)).Output, StringComparison.Ordinal);
        Assert.Equal(0, (await ringfence.CliAsync("audit", "verify")).ExitCode);
    }

    [Fact(Timeout = Patience)]
    public async Task Goes_on_after_the_budget_and_may_spend_only_what_is_added()
    {
        await using var ringfence = await RunningRingfence.StartAsync(
            """
            turns:
              - calls: [{ tool: Bash, input: { command: "echo more >> greeting.txt" } }]
                usage: { input: 2000, output: 12000 }
            repeat: true
            """);
        await ringfence.CommitAsync(("README.md", "# A project\n"));
        var first = await ringfence.CliAsync("run", "-p", "Spend", "--model", "simulated-model", "--max-cost", "1.00");
        var ended = await ringfence.OnlyRunAsync();
        Assert.True(first.ExitCode == 3, first.ToString());
        Assert.Contains($"ringfence resume {ended["id"]} --budget +2", first.Output, StringComparison.Ordinal);

        var refused = await ringfence.CliAsync("resume", (string)ended["id"]!);
        var second = await ringfence.CliAsync("resume", (string)ended["id"]!, "--budget", "+0.60", "--json");

        Assert.Contains("[budget_used_up]", refused.Error, StringComparison.Ordinal);
        var run = JsonNode.Parse(second.Lines[^1])!;

        // How it ends depends on where the last answer is cut; what it spends does not.
        Assert.True(second.ExitCode is 0 or 3, second.ToString());
        Assert.Equal(1.60m - (decimal)ended["cost_usd"]!, (decimal)run["budget_usd"]!);
        Assert.InRange((decimal)run["cost_usd"]! + (decimal)ended["cost_usd"]!, 1.00m, 1.60m);
    }

    [Fact(Timeout = Patience)]
    public async Task Tells_an_agent_that_remembers_nothing_the_whole_task_again()
    {
        await using var ringfence = await RunningRingfence.StartAsync(script: null);
        await ringfence.CommitAsync(("agent.sh", """
            #!/bin/sh
            test -e tried && { cat > heard.txt; exit 0; }
            rm README.md; mkdir -p folder; touch tried; exit 7
            """), ("README.md", "# A project\n"), ("folder/a", "a"));
        Directory.CreateDirectory(Path.Combine(ringfence.Home, "agents"));
        await File.WriteAllTextAsync(
            Path.Combine(ringfence.Home, "agents", "mine.yaml"), "name: mine\nwire: anthropic\ncommand: [/workspace/agent.sh]\n", TestContext.Current.CancellationToken);
        var upstream = "anthropic=http://127.0.0.1:9";
        var first = await ringfence.CliAsync("run", "-p", "THE-TASK", "--agent", "mine", "--upstream", upstream);
        Assert.True(first.ExitCode == 6, first.ToString());

        var second = await ringfence.CliAsync("resume", (string)(await ringfence.OnlyRunAsync())["id"]!, "--json", "--upstream", upstream);

        Assert.True(second.ExitCode == 0, second.ToString());
        var run = JsonNode.Parse(second.Lines[^1])!;
        var heard = await ringfence.GitAsync("show", $"{run["published"]}:heard.txt");
        Assert.Contains("THE-TASK", heard, StringComparison.Ordinal);
        Assert.Contains("exit code 7", heard, StringComparison.Ordinal);
        Assert.Equal(["README.md", "heard.txt", "tried"], run["files"]!.AsArray().Select(file => (string)file!["path"]!).Order(StringComparer.Ordinal));
    }

    [Fact(Timeout = Patience)]
    public async Task Is_refused_with_every_reason_at_once()
    {
        await using var ringfence = await RunningRingfence.StartAsync(Scripts.Writes("hello"));
        await ringfence.CommitAsync(("README.md", "# A project\n"));
        var done = await ringfence.CliAsync("run", "-p", "Write", "--model", "simulated-model");
        Assert.True(done.ExitCode == 0, done.ToString());

        var completed = await ringfence.CliAsync("resume", (string)(await ringfence.OnlyRunAsync())["id"]!, "--budget", "-2", "--turns", "many", "--time", "soon");
        var unknown = await ringfence.CliAsync("resume", "zzzz");

        Assert.Equal(2, completed.ExitCode);
        Assert.Contains("[nothing_to_resume]", completed.Error, StringComparison.Ordinal);
        Assert.Equal(3, completed.Error.Split("[bad_limit]").Length - 1);
        Assert.Equal(2, unknown.ExitCode);
        Assert.Contains("[unknown_run]", unknown.Error, StringComparison.Ordinal);
    }
}
