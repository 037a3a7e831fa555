using System.Text.Json.Nodes;
using Xunit;

namespace Ringfence.Acceptance;

/// <summary>What the agent says of its work counts for nothing: the platform runs the checks, and the agent gets what they printed.</summary>
public sealed class A_run_whose_checks_fail
{
    [Fact(Timeout = Patience)]
    public async Task Goes_back_to_the_agent_with_what_the_check_printed()
    {
        await using var ringfence = await RunningRingfence.StartAsync(
            """
            conversations:
              - name: second attempt
                when: { user: "greeting must say hello" }
                turns:
                  - calls: [{ tool: Bash, input: { command: "echo hello > greeting.txt" } }]
                  - text: Now it does.
            turns:
              - calls: [{ tool: Bash, input: { command: "echo hullo > greeting.txt" } }]
              - text: Done, and all checks pass!
            """);
        await ringfence.CommitAsync(("check.sh", "#!/bin/sh\ngrep -q hello greeting.txt || { echo 'greeting must say hello'; exit 3; }\n"));

        var run = await ringfence.CliAsync("run", "-p", "Write a greeting", "--model", "simulated-model", "--done", "./check.sh");

        Assert.True(run.ExitCode == 0, run.ToString());
        await ringfence.ScriptWasPlayedAsync();
        Assert.Equal("hello\n", await ringfence.GitAsync("show", $"{(await ringfence.OnlyRunAsync())["published"]}:greeting.txt"));
    }

    [Fact(Timeout = Patience)]
    public async Task Fails_when_the_attempts_are_used_up_and_publishes_nothing()
    {
        await using var ringfence = await RunningRingfence.StartAsync(
            """
            turns:
              - calls: [{ tool: Bash, input: { command: "echo hullo >> greeting.txt" } }]
              - text: Done, and all checks pass!
            repeat: true
            """);
        await ringfence.CommitAsync(("README.md", "# A project\n"));

        var run = await ringfence.CliAsync("run", "-p", "Write a greeting", "--model", "simulated-model", "--done", "grep hello greeting.txt || { echo no hello here; exit 3; }", "--attempts", "2");

        Assert.True(run.ExitCode == 1, run.ToString());
        Assert.Contains("  │ no hello here", run.Lines);
        Assert.Contains("  │ no hello here", (await ringfence.CliAsync("show", (string)(await ringfence.OnlyRunAsync())["id"]!)).Lines);
        Assert.Equal("verification_failed", (string?)(await ringfence.OnlyRunAsync())["reason"]);
        Assert.Empty(await ringfence.GitAsync("branch", "--list", "ringfence/*"));
        Assert.Equal(4, (int?)(await ringfence.ModelAsync())["answers"]);
    }

    [Fact(Timeout = Patience)]
    public async Task Cannot_pass_by_what_only_the_agents_sandbox_has()
    {
        // The agent leaves a file outside the workspace that the check would accept; the check's sandbox is a fresh one.
        await using var ringfence = await RunningRingfence.StartAsync(
            """
            turns:
              - calls: [{ tool: Bash, input: { command: "touch /tmp/passed ~/passed; echo x > change.txt; test -e /tmp/passed" } }]
              - require: [{ result: { tool: Bash, error: false } }]
                text: done
            repeat: true
            """);
        await ringfence.CommitAsync(("README.md", "# A project\n"));

        var run = await ringfence.CliAsync(
            "run", "-p", "Go", "--model", "simulated-model", "--done", "test -e /tmp/passed || test -e ~/passed", "--attempts", "1");

        Assert.True(run.ExitCode == 1, run.ToString());
    }

    [Fact(Timeout = Patience)]
    public async Task Names_the_check_that_does_not_exist()
    {
        await using var ringfence = await RunningRingfence.StartAsync(Scripts.Writes("hello"));
        await ringfence.CommitAsync(("README.md", "# A project\n"));

        var run = await ringfence.CliAsync("run", "-p", "Go", "--model", "simulated-model", "--done", "no-such-program --now", "--attempts", "1");

        Assert.True(run.ExitCode == 1, run.ToString());
        Assert.Contains("no-such-program", run.Error, StringComparison.Ordinal);
    }

    [Fact(Timeout = Patience)]
    public async Task Ends_a_check_that_never_ends()
    {
        await using var ringfence = await RunningRingfence.StartAsync(Scripts.Writes("hello"));
        await ringfence.CommitAsync(("README.md", "# A project\n"));
        var marker = Scripts.Marker();

        var run = await ringfence.CliAsync(
            "run", "-p", "Go", "--model", "simulated-model", "--done", $"sleep {marker}", "--check-timeout", "1s", "--attempts", "1");

        Assert.True(run.ExitCode == 1, run.ToString());
        Assert.Empty(RunningRingfence.ProcessesWith($"sleep {marker}"));
    }
}
