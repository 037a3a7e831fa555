using System.Text.Json.Nodes;
using Xunit;

namespace Ringfence.Acceptance;

/// <summary>What was recorded can be played back: the same agent, sandbox and commit, no model and no cost; what differs is said and never guessed.</summary>
public sealed class A_recorded_run
{
    [Theory(Timeout = Patience)]
    [InlineData("ringfence-agent")]
    [InlineData("claude-code")]
    public async Task Is_played_back_to_the_same_tree_without_a_model_or_a_cent(string agent)
    {
        await using var ringfence = await RecordedAsync(agent);
        var recorded = await ringfence.OnlyRunAsync();
        var answers = (int)(await ringfence.ModelAsync())["answers"]!;

        var replay = await ringfence.CliAsync("replay", (string)recorded["id"]!, "--json");

        Assert.True(replay.ExitCode == 0, replay.ToString());
        var events = replay.Lines.Select(line => JsonNode.Parse(line)!).ToList();
        Assert.Equal((string?)recorded["tree"], (string?)events[^1]["tree"]);
        Assert.Equal(0m, (decimal)events[^1]["cost_usd"]!);
        Assert.Equal((int)recorded["turns"]!, (int)events[^1]["turns"]!);
        Assert.Contains(events, e => (string?)e["type"] == "model.replayed");
        Assert.DoesNotContain(events, e => (string?)e["type"] is "model.request" or "budget.reserved");
        Assert.Equal(answers, (int)(await ringfence.ModelAsync())["answers"]!);
    }

    [Fact(Timeout = Patience)]
    public async Task Does_not_play_where_the_agent_goes_another_way()
    {
        await using var ringfence = await RecordedAsync("ringfence-agent");
        var id = (string)(await ringfence.OnlyRunAsync())["id"]!;
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(ringfence.Home, "cassettes", id + ".jsonl")));
        await File.WriteAllTextAsync(Fact(ringfence), "from another place\n", TestContext.Current.CancellationToken);

        var replay = await ringfence.CliAsync("replay", id);

        Assert.True(replay.ExitCode == 6, replay.ToString());
        Assert.Contains("[cassette_miss]", replay.Error, StringComparison.Ordinal);
        Assert.Contains("exchange 2 of 3", replay.Error, StringComparison.Ordinal);
        Assert.Contains("another place", replay.Error, StringComparison.Ordinal);
    }

    [Fact(Timeout = Patience)]
    public async Task Can_go_on_live_after_as_many_answers_as_wanted()
    {
        await using var ringfence = await RecordedAsync("ringfence-agent");

        var replay = await ringfence.CliAsync("replay", (string)(await ringfence.OnlyRunAsync())["id"]!, "--live-after", "2", "--json");

        Assert.True(replay.ExitCode == 0, replay.ToString());
        var events = replay.Lines.Select(line => (string?)JsonNode.Parse(line)!["type"]).ToList();
        Assert.Equal(2, events.Count(type => type == "model.replayed"));
        Assert.Equal(1, events.Count(type => type == "model.response"));
    }

    [Fact(Timeout = Patience)]
    public async Task Is_asked_for_when_a_run_was_not_recorded()
    {
        await using var ringfence = await RunningRingfence.StartAsync(Scripts.Writes("hello"));
        await ringfence.CommitAsync(("README.md", "# A project\n"));
        await ringfence.CliAsync("run", "-p", "Write", "--model", "simulated-model");

        var replay = await ringfence.CliAsync("replay", (string)(await ringfence.OnlyRunAsync())["id"]!, "--live-after", "-1");

        Assert.Equal(2, replay.ExitCode);
        Assert.Contains("[no_cassette]", replay.Error, StringComparison.Ordinal);
        Assert.Contains("[bad_limit]", replay.Error, StringComparison.Ordinal);
    }

    private static async Task<RunningRingfence> RecordedAsync(string agent)
    {
        // The last turn comes again, for whoever asks live after the others were played.
        var ringfence = await RunningRingfence.StartAsync(
            """
            turns:
              - calls: [{ tool: Read, input: { file_path: /facts/fact.txt } }]
              - require: [{ result: { tool: Read, contains: from this place } }]
                calls: [{ tool: Write, input: { file_path: /workspace/made.txt, content: "made\n" } }]
              - text: Both done.
              - text: Both done, live.
            """);
        RealAgents.Place(ringfence, agent);
        await ringfence.CommitAsync(("start.txt", "a start\n"));
        Directory.CreateDirectory(Path.GetDirectoryName(Fact(ringfence))!);
        await File.WriteAllTextAsync(Fact(ringfence), "from this place\n", TestContext.Current.CancellationToken);

        var run = await ringfence.CliAsync("run", "-p", "Do it", "--agent", agent, "--model", "simulated-model", "--record", "--mount", Path.GetDirectoryName(Fact(ringfence)) + ":/facts");

        Assert.True(run.ExitCode == 0, run.ToString());
        return ringfence;
    }

    // Something of the world outside the repository, which may change between a run and its replay.
    private static string Fact(RunningRingfence ringfence) => Path.Combine(Path.GetDirectoryName(ringfence.Repository)!, "facts", "fact.txt");
}
