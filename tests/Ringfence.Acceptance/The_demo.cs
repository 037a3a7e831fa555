using System.Text.Json.Nodes;
using Xunit;

namespace Ringfence.Acceptance;

/// <summary>Whoever tries Ringfence sees a whole run within seconds, offline, and is told what is simulated.</summary>
public sealed class The_demo
{
    [Fact(Timeout = Patience)]
    public async Task Shows_a_run_from_the_task_to_the_record()
    {
        await using var ringfence = await RunningRingfence.StartAsync(script: null);

        var demo = await ringfence.CliAsync("demo");

        Assert.True(demo.ExitCode == 0, demo.ToString());
        Assert.Contains("SIMULATED MODEL", demo.Error, StringComparison.Ordinal);
        Assert.Contains("8 passed, 1 failed", demo.Error, StringComparison.Ordinal);
        Assert.Contains("+        { Password.Length: < 8 } => \"Password must be at least 8 characters long.\",", demo.Output, StringComparison.Ordinal);
        Assert.Contains("rules.example.com", demo.Output, StringComparison.Ordinal);
        Assert.Contains("id_rsa", demo.Output, StringComparison.Ordinal);
        Assert.Contains("verification.finished", demo.Output, StringComparison.Ordinal);
        Assert.Contains("command.started", demo.Output, StringComparison.Ordinal);
    }

    [Fact(Timeout = Patience)]
    public async Task Leaves_nothing_behind_but_its_run()
    {
        await using var ringfence = await RunningRingfence.StartAsync(script: null);

        await ringfence.CliAsync("demo");

        Assert.Empty(Directory.EnumerateFileSystemEntries(ringfence.Temporary));
        Assert.Empty(Directory.EnumerateFileSystemEntries(ringfence.Repository));
        Assert.Equal("completed", (string?)(await ringfence.OnlyRunAsync())["status"]);
    }

    [Fact(Timeout = Patience)]
    public async Task Prints_one_event_a_line_for_scripts_and_the_run_last()
    {
        await using var ringfence = await RunningRingfence.StartAsync(script: null);

        var demo = await ringfence.CliAsync("demo", "--json");

        Assert.True(demo.ExitCode == 0, demo.ToString());
        var lines = demo.Lines.Select(line => JsonNode.Parse(line)!).ToList();
        Assert.Equal("run.requested", (string?)lines[0]["type"]);
        Assert.Equal("run.ended", (string?)lines[^2]["type"]);
        Assert.Equal("completed", (string?)lines[^1]["status"]);
        Assert.Contains(lines, line => (string?)line["type"] == "net.connection");
    }

    [Fact(Timeout = Patience)]
    public async Task Keeps_its_repository_when_asked()
    {
        await using var ringfence = await RunningRingfence.StartAsync(script: null);

        var demo = await ringfence.CliAsync("demo", "--keep");

        Assert.True(demo.ExitCode == 0, demo.ToString());
        var repository = Assert.Single(Directory.EnumerateDirectories(ringfence.Temporary));
        var branch = await ringfence.GitAsync("-C", repository, "branch", "--list", "ringfence/*");
        Assert.Contains("ringfence/", branch, StringComparison.Ordinal);
    }
}
