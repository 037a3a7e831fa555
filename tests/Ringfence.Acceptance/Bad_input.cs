using Xunit;

namespace Ringfence.Acceptance;

/// <summary>Wrong input starts nothing, and everything that is wrong is told at once, each with a code, a sentence and where it can be had a hint.</summary>
public sealed class Bad_input
{
    [Fact(Timeout = Patience)]
    public async Task Is_told_all_at_once()
    {
        await using var ringfence = await RunningRingfence.StartAsync(script: null);

        var run = await ringfence.CliAsync(
            "run", "--agent", "no-such-agent", "--max-cost", "-1", "--max-turns", "0", "--timeout", "soon", "--attempts", "99", "--output", "email", "--allow", "*");

        Assert.Equal(2, run.ExitCode);
        Assert.Empty(run.Output);

        foreach (var wrong in (string[])["--prompt", "no-such-agent", "--max-cost", "--max-turns", "--timeout", "--attempts", "--output", "'*'"])
        {
            Assert.Contains(wrong, run.Error, StringComparison.Ordinal);
        }
    }

    [Theory(Timeout = Patience)]
    [InlineData("Did you mean approve?", "aprove")]
    [InlineData("Did you mean run?", "rnu")]
    [InlineData("revoke <ID>", "gateway", "keys")]
    public async Task Such_as_a_mistyped_or_half_command_is_answered_with_what_may_be_meant(string expected, params string[] typed)
    {
        await using var ringfence = await RunningRingfence.StartAsync(script: null);

        var answer = await ringfence.CliAsync(typed);

        Assert.Equal(2, answer.ExitCode);
        Assert.Contains(expected, answer.Output + answer.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("Required command", answer.Error, StringComparison.Ordinal);
    }

    [Fact(Timeout = Patience)]
    public async Task Such_as_a_folder_that_is_no_repository_leaves_nothing_behind()
    {
        await using var ringfence = await RunningRingfence.StartAsync(Scripts.Writes("hello"));

        var run = await ringfence.CliAsync("run", "-p", "Go", "--model", "simulated-model");

        Assert.True(run.ExitCode is 2 or 9, run.ToString());
        Assert.Contains("repository", run.Error, StringComparison.Ordinal);
        Assert.Equal(0, (int?)(await ringfence.ModelAsync())["requests"]);
    }

    [Fact(Timeout = Patience)]
    public async Task Such_as_a_reference_that_is_not_there_is_named()
    {
        await using var ringfence = await RunningRingfence.StartAsync(Scripts.Writes("hello"));
        await ringfence.CommitAsync(("README.md", "# A project\n"));

        var run = await ringfence.CliAsync("run", "-p", "Go", "--model", "simulated-model", "--ref", "no-such-branch");

        Assert.True(run.ExitCode is 2 or 9, run.ToString());
        Assert.Contains("no-such-branch", run.Error, StringComparison.Ordinal);
    }

    [Fact(Timeout = Patience)]
    public async Task Such_as_no_key_says_what_to_do()
    {
        await using var ringfence = await RunningRingfence.StartAsync(script: null);
        await ringfence.CommitAsync(("README.md", "# A project\n"));

        var run = await ringfence.CliAsync("run", "-p", "Go");

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("ANTHROPIC_API_KEY", run.Error, StringComparison.Ordinal);
        Assert.Contains("ringfence demo", run.Error, StringComparison.Ordinal);
    }

    [Fact(Timeout = Patience)]
    public async Task Such_as_an_unknown_flag_points_to_the_help()
    {
        await using var ringfence = await RunningRingfence.StartAsync(script: null);

        var run = await ringfence.CliAsync("run", "--max-costs", "1");

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("--max-costs", run.Error, StringComparison.Ordinal);
        Assert.Contains("--help", run.Error, StringComparison.Ordinal);
    }

    [Fact(Timeout = Patience)]
    public async Task Such_as_a_run_that_is_not_there_is_said_by_every_command()
    {
        await using var ringfence = await RunningRingfence.StartAsync(script: null);

        foreach (var command in (string[][])[["show"], ["logs"], ["diff"], ["apply"], ["cancel"], ["audit", "verify"]])
        {
            var end = await ringfence.CliAsync([.. command, "zzzzzzzzzzzzzzzz"]);
            Assert.True(end.ExitCode == 2, $"{string.Join(' ', command)}: {end}");
            Assert.Contains("unknown_run", end.Error, StringComparison.Ordinal);
        }
    }

    [Fact(Timeout = Patience)]
    public async Task Such_as_a_home_that_cannot_be_written_says_so()
    {
        await using var ringfence = await RunningRingfence.StartAsync(Scripts.Writes("hello"));
        await ringfence.CommitAsync(("README.md", "# A project\n"));
        File.WriteAllText(Path.Combine(ringfence.Repository, "..", "file"), "");
        ringfence.Environment["RINGFENCE_HOME"] = Path.GetFullPath(Path.Combine(ringfence.Repository, "..", "file", "home"));

        var run = await ringfence.CliAsync("run", "-p", "Go", "--model", "simulated-model");

        Assert.True(run.ExitCode == 9, run.ToString());
        Assert.Contains("error:", run.Error, StringComparison.Ordinal);
    }

    [Fact(Timeout = Patience)]
    public async Task Such_as_a_machine_whose_SQLite_is_too_old_is_told_what_to_install()
    {
        await using var ringfence = await RunningRingfence.StartAsync(script: null);
        var old = Directory.CreateDirectory(Path.Combine(ringfence.Temporary, "old")).FullName;
        await using var compiler = Cli.Start(
            "gcc", ["-shared", "-fPIC", "-x", "c", "-o", Path.Combine(old, "libsqlite3.so.0"), "-"], old, ringfence.Environment,
            "int sqlite3_libversion_number(void); int sqlite3_libversion_number(void) { return 3034001; }");
        Assert.Equal(0, (await compiler.EndsAsync(TestContext.Current.CancellationToken)).ExitCode);
        ringfence.Environment["LD_LIBRARY_PATH"] = old;

        var runs = await ringfence.CliAsync("runs");

        Assert.Equal(9, runs.ExitCode);
        Assert.Contains("this machine has 3.34. [sqlite_too_old]", runs.Error, StringComparison.Ordinal);
        Assert.Contains("libsqlite3-0", runs.Error, StringComparison.Ordinal);
    }
}
