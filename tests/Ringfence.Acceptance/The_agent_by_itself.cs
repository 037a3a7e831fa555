using Xunit;

namespace Ringfence.Acceptance;

/// <summary><c>ringfence</c> without a command is the coding agent, with walls around its commands.</summary>
public sealed class The_agent_by_itself
{
    [Fact(Timeout = Patience)]
    public async Task Runs_its_commands_in_a_sandbox_that_writes_to_the_working_directory_alone()
    {
        await using var ringfence = await RunningRingfence.StartAsync(
            """
            turns:
              - calls: [{ tool: Bash, input: { command: "whoami; echo made > made.txt; echo evil > .git/hooks/pre-commit; ls /root; env" } }]
              - require: [{ result: { tool: Bash, contains: [agent, Read-only file system, "cannot access '/root'"], lacks: this-key-must } }]
                calls: [{ tool: Bash, input: { command: "curl -sS http://example.com" } }]
              - require: [{ result: { tool: Bash, contains: "blocked example.com:80" } }]
                text: All done.
            """);
        await ringfence.CommitAsync(("README.md", "# A project\n"));

        var run = await ringfence.CliAsync("-p", "Look around", "--model", "simulated-model", "--allowedTools", "Bash");

        Assert.True(run.ExitCode == 0, run.ToString());
        Assert.Equal("All done.\n", run.Output);
        await ringfence.ScriptWasPlayedAsync();
        Assert.Equal("made\n", ringfence.Read("made.txt"));
        Assert.False(File.Exists(Path.Combine(ringfence.Repository, ".git/hooks/pre-commit")));
    }

    [Fact(Timeout = Patience)]
    public async Task Opens_a_conversation_in_a_terminal()
    {
        await using var ringfence = await RunningRingfence.StartAsync(Scripts.Writes("hello"));
        await ringfence.CommitAsync(("README.md", "# A project\n"));

        // The program script gives it a terminal, and what comes to its own input is typed there.
        await using var terminal = Cli.Start("script", ["-qec", $"dotnet '{Checkout.Ringfence}'", "/dev/null"], ringfence.Repository, ringfence.Environment, input: null);

        // The place of the session may be so long that the line breaks.
        await terminal.SeesAsync("/help", TestContext.Current.CancellationToken);
    }

    [Fact(Timeout = Patience)]
    public async Task Shows_the_help_where_nobody_sits_at_a_terminal()
    {
        await using var ringfence = await RunningRingfence.StartAsync(script: null);

        var help = await ringfence.CliAsync();

        Assert.Equal(0, help.ExitCode);
        Assert.Contains("Commands:", help.Output, StringComparison.Ordinal);
    }
}
