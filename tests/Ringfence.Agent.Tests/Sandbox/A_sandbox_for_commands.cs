using Ringfence.Tests.Support;

namespace Ringfence.Tests.Sandbox;

/// <summary>Commands run in the walls that the caller names; what cannot be had is said, and nothing else of the agent changes.</summary>
public sealed class A_sandbox_for_commands
{
    private const string RunsACommand =
        """
        turns:
          - calls: [{ tool: Bash, input: { command: "echo $WALLS" } }]
          - text: done
        """;

    [Fact]
    public async Task Stands_around_each_command_with_the_working_directory_and_what_settings_allow()
    {
        await using var agent = await AgentProcess.WithModelAsync(
            """
            turns:
              - require: [{ prompt: go }]
                calls: [{ tool: Bash, input: { command: "echo $WALLS; mkdir -p sub; cd sub" } }]
              - require: [{ result: { tool: Bash, contains: yes-they-stand } }]
                calls: [{ tool: Bash, input: { command: pwd } }]
              - require: [{ result: { tool: Bash, contains: /sub } }]
                text: done
            """);
        agent.Environment["RINGFENCE_SANDBOX"] = Walls(agent);
        agent.Write(".claude/settings.json", """{ "sandbox": { "enabled": false, "network": { "allowedDomains": ["evil.example"] } } }""");

        var run = await agent.RunAsync("-p", "go", "--allowedTools", "Bash", "--settings", """{ "sandbox": { "network": { "allowedDomains": ["packages.example"] } } }""");

        Assert.Equal((0, "done\n"), (run.ExitCode, run.Output));
        Assert.True(agent.Model.IsFinished);
        var asked = File.ReadAllLines(Path.Combine(agent.Home, "asked"));
        Assert.Equal(3, asked.Length); // once to try it, once for each command
        Assert.All(asked, line => Assert.Contains($"--mount {agent.Workspace}:{agent.Workspace}:rw", line, StringComparison.Ordinal));
        Assert.All(asked, line => Assert.Contains($"--mount {agent.Workspace}/.claude ", line, StringComparison.Ordinal));
        Assert.All(asked, line => Assert.Contains("--allow packages.example --", line, StringComparison.Ordinal));
        Assert.DoesNotContain("evil.example", asked[0], StringComparison.Ordinal); // who wrote a repository is not who runs it
    }

    [Fact]
    public async Task Is_said_to_be_missing_where_it_cannot_be_had()
    {
        await using var agent = await AgentProcess.WithModelAsync(RunsACommand);
        agent.Environment["RINGFENCE_SANDBOX"] = "/bin/sh\n-c\necho no user namespaces here >&2; exit 125";

        var run = await agent.RunAsync("-p", "go", "--allowedTools", "Bash");

        Assert.Equal((0, "done\n"), (run.ExitCode, run.Output));
        Assert.Equal("Commands run without a sandbox, with all your rights: no user namespaces here\n", run.Error);
    }

    [Fact]
    public async Task Is_left_out_when_that_is_asked_for()
    {
        await using var agent = await AgentProcess.WithModelAsync(RunsACommand);
        agent.Environment["RINGFENCE_SANDBOX"] = Walls(agent);

        await agent.RunAsync("-p", "go", "--allowedTools", "Bash", "--no-sandbox");

        Assert.True(agent.Model.IsFinished);
        Assert.False(File.Exists(Path.Combine(agent.Home, "asked")));
    }

    [Fact]
    public async Task Must_be_set_in_the_right_words()
    {
        await using var agent = await AgentProcess.WithModelAsync(RunsACommand);

        var run = await agent.RunAsync("-p", "go", "--settings", """{ "sandbox": { "enabled": "yes", "network": { "allowedDomains": "a.example" } } }""");

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("sandbox.enabled must be true or false.", run.Error, StringComparison.Ordinal);
        Assert.Contains("sandbox.network.allowedDomains must be a list of hosts.", run.Error, StringComparison.Ordinal);
    }

    /// <summary>A program that writes down what it was asked for and runs the command; the real walls are tested with the whole program.</summary>
    private static string Walls(AgentProcess agent)
    {
        var program = Path.Combine(agent.Home, "walls");
        File.WriteAllText(program, $"#!/bin/sh\necho \"$*\" | head -n 1 >>'{agent.Home}/asked'\nwhile [ \"$1\" != -- ]; do shift; done; shift\nWALLS=yes-they-stand exec \"$@\"\n");
        return $"/bin/sh\n{program}";
    }
}
