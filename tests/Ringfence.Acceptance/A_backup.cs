using Ringfence.Tests.Storage;
using Xunit;

namespace Ringfence.Acceptance;

/// <summary>A backup made while a server works gives, restored elsewhere, the same runs with a record that verifies.</summary>
public sealed class A_backup(PostgresCluster postgres)
{
    [Theory(Timeout = Patience)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Restored_elsewhere_has_the_same_runs_and_a_verified_record(bool onPostgres)
    {
        Assert.SkipWhen(onPostgres && postgres.Missing is not null, postgres.Missing ?? "");
        string[] store = onPostgres ? ["--database", await postgres.NewDatabaseAsync()] : [];
        string[] other = onPostgres ? ["--database", await postgres.NewDatabaseAsync()] : [];
        await using var ringfence = await RunningRingfence.StartAsync(Scripts.Writes("hello"));
        await ringfence.CommitAsync(("README.md", "# A project\n"));
        await using var server = await RunningServer.StartAsync(ringfence, null, store);
        await server.EndedAsync(await server.RunAsync(ringfence));
        var file = Path.Combine(ringfence.Temporary, "backup.tar.gz");

        var backup = await ringfence.CliAsync(["backup", file, .. store]);
        var again = await ringfence.CliAsync(["backup", file, .. store]);
        var before = await ringfence.CliAsync(["runs", "--json", .. store]);
        ringfence.Environment["RINGFENCE_HOME"] = Path.Combine(ringfence.Temporary, "elsewhere");
        var restored = await ringfence.CliAsync(["restore", file, .. other]);
        var after = await ringfence.CliAsync(["runs", "--json", .. other]);
        var verified = await ringfence.CliAsync(["audit", "verify", .. other]);

        Assert.True(backup.ExitCode == 0, backup.ToString());
        Assert.Contains("[file_exists]", again.Error, StringComparison.Ordinal);
        Assert.True(restored.ExitCode == 0, restored.ToString());
        Assert.Contains("Restored and verified: 1 runs", restored.Output, StringComparison.Ordinal);
        Assert.Equal(before.Output, after.Output);
        Assert.True(verified.ExitCode == 0, verified.ToString());
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
    }

    /// <summary>Workspaces are not in a backup: a run that was going on starts again where it is restored, and its record goes on.</summary>
    [Fact(Timeout = Patience)]
    public async Task Of_runs_that_are_going_on_lets_them_start_again_elsewhere()
    {
        await using var ringfence = await RunningRingfence.StartAsync(
            """
            conversations:
              - name: going on
                turns:
                  - calls: [{ tool: Bash, input: { command: "sleep 86400" } }]
              - name: elsewhere
                turns:
                  - calls: [{ tool: Bash, input: { command: "echo hello > greeting.txt" } }]
                  - text: I wrote it.
            """);
        await ringfence.CommitAsync(("README.md", "# A project\n"));
        var server = await RunningServer.StartAsync(ringfence);
        var run = await server.RunAsync(ringfence);
        await server.SeesAsync(run, "command.started");
        var file = Path.Combine(ringfence.Temporary, "backup.tar.gz");

        var backup = await ringfence.CliAsync("backup", file);
        server.Process.Signal("KILL");
        await server.Process.EndsAsync(TestContext.Current.CancellationToken);
        await server.Process.DisposeAsync();
        ringfence.Environment["RINGFENCE_HOME"] = Path.Combine(ringfence.Temporary, "elsewhere");
        var restored = await ringfence.CliAsync("restore", file);
        await using var elsewhere = await RunningServer.StartAsync(ringfence, server.Key);
        var ended = await elsewhere.EndedAsync(run);
        var verified = await ringfence.CliAsync("audit", "verify", run);

        Assert.True(backup.ExitCode == 0, backup.ToString());
        Assert.True(restored.ExitCode == 0, restored.ToString());
        Assert.True((string?)ended["status"] == "completed", ended.ToJsonString());
        Assert.Equal(2, (int)ended["starts"]!);
        Assert.Equal("hello\n", await ringfence.GitAsync("show", $"{ended["outputs"]![0]!["place"]}:greeting.txt"));
        Assert.True(verified.ExitCode == 0, verified.ToString());
    }
}
