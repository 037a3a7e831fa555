using Xunit;

namespace Ringfence.Acceptance;

/// <summary>Limits hold whatever the agent does, and what it did until then is kept.</summary>
public sealed class A_run_that_reaches_a_limit
{
    [Fact(Timeout = Patience)]
    public async Task Of_money_is_stopped_before_the_call_that_would_pass_it()
    {
        await using var ringfence = await RunningRingfence.StartAsync(
            """
            turns:
              - calls: [{ tool: Bash, input: { command: "echo more >> greeting.txt" } }]
                usage: { input: 2000, output: 12000 }
            repeat: true
            """);
        await ringfence.CommitAsync(("README.md", "# A project\n"));

        var run = await ringfence.CliAsync("run", "-p", "Spend", "--model", "simulated-model", "--max-cost", "1.00");

        Assert.True(run.ExitCode == 3, run.ToString());
        var view = await ringfence.OnlyRunAsync();
        Assert.Equal("max_cost", (string?)view["reason"]);
        Assert.InRange((decimal)view["cost_usd"]!, 0.01m, 1.00m);
        await ChangeWasKeptAsync(ringfence);
    }

    [Fact(Timeout = Patience)]
    public async Task Of_turns_is_stopped_at_that_turn()
    {
        await using var ringfence = await RunningRingfence.StartAsync(
            """
            turns:
              - calls: [{ tool: Bash, input: { command: "echo more >> greeting.txt" } }]
            repeat: true
            """);
        await ringfence.CommitAsync(("README.md", "# A project\n"));

        var run = await ringfence.CliAsync("run", "-p", "Go on for ever", "--model", "simulated-model", "--max-turns", "3");

        Assert.True(run.ExitCode == 4, run.ToString());
        Assert.Equal("max_turns", (string?)(await ringfence.OnlyRunAsync())["reason"]);
        Assert.Equal(3, (int?)(await ringfence.ModelAsync())["answers"]);
        await ChangeWasKeptAsync(ringfence);
    }

    [Fact(Timeout = Patience)]
    public async Task Of_time_is_ended_with_everything_it_started()
    {
        var marker = Scripts.Marker();

        // The time is up while the model thinks for ever: by then the file must have been written.
        var (reason, diff) = await LongEnoughAsync(TimeSpan.FromSeconds(8), RunAsync, ended => ended.Diff.Output.Length > 0);

        Assert.Equal("timeout", reason);
        Assert.Contains("+++ b/greeting.txt", diff.Output, StringComparison.Ordinal);

        async Task<(string? Reason, CliResult Diff)> RunAsync(TimeSpan time)
        {
            await using var ringfence = await RunningRingfence.StartAsync(Scripts.WritesAndHangs(marker));
            await ringfence.CommitAsync(("README.md", "# A project\n"));

            var run = await ringfence.CliAsync("run", "-p", "Hang", "--model", "simulated-model", "--timeout", $"{time.TotalSeconds}s");

            Assert.True(run.ExitCode == 5, run.ToString());
            Assert.Empty(RunningRingfence.ProcessesWith($"sleep {marker}"));
            var view = await ringfence.OnlyRunAsync();
            return ((string?)view["reason"], await ringfence.CliAsync("diff", (string)view["id"]!));
        }
    }

    private static async Task ChangeWasKeptAsync(RunningRingfence ringfence)
    {
        var diff = await ringfence.CliAsync("diff", (string)(await ringfence.OnlyRunAsync())["id"]!);

        Assert.True(diff.ExitCode == 0, diff.ToString());
        Assert.Contains("+++ b/greeting.txt", diff.Output, StringComparison.Ordinal);
    }
}
