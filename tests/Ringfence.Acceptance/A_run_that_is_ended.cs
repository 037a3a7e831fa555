using Xunit;

namespace Ringfence.Acceptance;

/// <summary>However a run ends, its change set and record are there afterwards and no process is left.</summary>
public sealed class A_run_that_is_ended
{
    private const int Patience = 120_000;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory(Timeout = Patience)]
    [InlineData("INT", "86411")]
    [InlineData("TERM", "86412")]
    public async Task By_a_signal_keeps_what_the_agent_did(string signal, string marker)
    {
        await using var ringfence = await RunningRingfence.StartAsync(Scripts.WritesAndHangs(marker));
        await ringfence.CommitAsync(("README.md", "# A project\n"));
        await using var run = ringfence.Start("run", "-p", "Hang", "--model", "simulated-model");
        await run.SeesAsync("Bash      cat greeting.txt", Cancel);

        run.Signal(signal);
        var end = await run.EndsAsync(Cancel);

        Assert.True(end.ExitCode == 130, end.ToString());
        await WasKeptAsync(ringfence, "cancelled", marker);
    }

    [Fact(Timeout = Patience)]
    public async Task From_another_terminal_keeps_what_the_agent_did()
    {
        const string Marker = "86413";
        await using var ringfence = await RunningRingfence.StartAsync(Scripts.WritesAndHangs(Marker));
        await ringfence.CommitAsync(("README.md", "# A project\n"));
        await using var run = ringfence.Start("run", "-p", "Hang", "--model", "simulated-model");
        await run.SeesAsync("Bash      cat greeting.txt", Cancel);

        var cancel = await ringfence.CliAsync("cancel", (string)(await ringfence.OnlyRunAsync())["id"]!);
        var end = await run.EndsAsync(Cancel);

        Assert.True(cancel.ExitCode == 0, cancel.ToString());
        Assert.True(end.ExitCode == 130, end.ToString());
        await WasKeptAsync(ringfence, "cancelled", Marker);
    }

    [Fact(Timeout = Patience)]
    public async Task By_kill_9_is_marked_and_salvaged_by_the_next_start()
    {
        const string Marker = "86414";
        await using var ringfence = await RunningRingfence.StartAsync(Scripts.WritesAndHangs(Marker));
        await ringfence.CommitAsync(("README.md", "# A project\n"));
        await using var run = ringfence.Start("run", "-p", "Hang", "--model", "simulated-model");
        await run.SeesAsync("Bash      cat greeting.txt", Cancel);

        run.Signal("KILL");
        await run.EndsAsync(Cancel);
        var view = await ringfence.OnlyRunAsync();

        Assert.Equal("interrupted", (string?)view["reason"]);
        await WasKeptAsync(ringfence, "failed", Marker);
    }

    private static async Task WasKeptAsync(RunningRingfence ringfence, string status, string marker)
    {
        var view = await ringfence.OnlyRunAsync();
        Assert.Equal(status, (string?)view["status"]);
        Assert.Empty(RunningRingfence.ProcessesWith($"sleep {marker}"));

        var diff = await ringfence.CliAsync("diff", (string)view["id"]!);
        Assert.Contains("+++ b/greeting.txt", diff.Output, StringComparison.Ordinal);

        var verified = await ringfence.CliAsync("audit", "verify", (string)view["id"]!);
        Assert.True(verified.ExitCode == 0, verified.ToString());
        Assert.Empty(await ringfence.GitAsync("status", "--porcelain"));
    }
}
