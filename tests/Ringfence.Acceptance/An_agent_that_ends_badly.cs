using System.Text.Json.Nodes;
using Xunit;

namespace Ringfence.Acceptance;

/// <summary>Whatever a program does instead of ending well, its run has one reason, its own words, and what it changed until then.</summary>
public sealed class An_agent_that_ends_badly
{
    private static readonly string[] Run = ["run", "-p", "Go", "--agent", "mine", "--json", "--upstream", "anthropic=http://127.0.0.1:9"];

    private const string Success = """{"type":"result","subtype":"success","is_error":false,"result":"fine"}""";

    [Theory(Timeout = Patience)]
    [InlineData("exit 0", 8, "nothing_done", "without changing a file")]
    [InlineData("touch made; exit 0", 6, "agent_error", "ended without a result")]
    [InlineData("touch made; echo 'error: unknown option --verbose'", 6, "agent_error", "what is not claude-stream-json: error: unknown option --verbose")]
    [InlineData("echo noise; echo oops >&2; exit 3", 6, "agent_error", "exit code 3: oops")]
    [InlineData("touch made; printf '{\"type\":\"resu'", 6, "agent_error", "what is not claude-stream-json: {\"type\":\"resu")]
    [InlineData("kill -SEGV $$", 6, "agent_error", "ended by signal 11")]
    [InlineData("touch made; echo '" + """{"type":"result","subtype":"success","is_error":true,"result":"API Error: 529"}""" + "'; exit 0", 6, "agent_error", "reported an error: API Error: 529")]
    [InlineData("touch made; exec tail -f /dev/null", 5, "stalled", "went silent")]
    [InlineData("""echo '{"type":"system","subtype":"init","session_id":"s"}'; trap '' TERM; touch made; while :; do sleep 600; done""", 5, "stalled", "went silent")]
    public async Task Is_told_by_one_reason_and_its_own_words(string script, int exitCode, string reason, string words)
    {
        // Those that go silent do so after a file was touched, which may take longer than the silence where the machine is busy.
        var touches = script.Contains("touch", StringComparison.Ordinal);
        var (run, view) = await LongEnoughAsync(TimeSpan.FromSeconds(reason == "stalled" ? 2 : 300), SilentAsync, ended => ended.View["files"] is JsonArray { Count: 1 } || !touches);

        Assert.True(run.ExitCode == exitCode, run.ToString());
        Assert.Equal(reason, (string?)view["reason"]);
        Assert.Contains(words, (string?)view["message"], StringComparison.Ordinal);
        Assert.Equal(touches, view["files"] is JsonArray { Count: 1 });

        async Task<(CliResult Run, JsonNode View)> SilentAsync(TimeSpan silence)
        {
            await using var ringfence = await RunningRingfence.StartAsync(script: null);
            var run = await RunAsync(ringfence, script, "claude-stream-json", "--silence", $"{silence.TotalSeconds}s");
            return (run, JsonNode.Parse(run.Lines[^1])!);
        }
    }

    [Fact(Timeout = Patience)]
    public async Task Half_a_line_at_the_end_counts_when_it_is_whole()
    {
        await using var ringfence = await RunningRingfence.StartAsync(script: null);

        var run = await RunAsync(ringfence, $"touch made; printf '%s' '{Success}'", "claude-stream-json");

        Assert.True(run.ExitCode == 0, run.ToString());
    }

    [Fact(Timeout = Patience)]
    public async Task Leaves_nothing_that_it_forked_away()
    {
        var marker = $"tail -f /dev/null --sleep-interval={Scripts.Marker()}";
        await using var ringfence = await RunningRingfence.StartAsync(script: null);

        var run = await RunAsync(ringfence, $"(setsid sh -c 'trap \"\" TERM HUP; exec {marker}' &); touch made; echo '{Success}'", "claude-stream-json");

        Assert.True(run.ExitCode == 0, run.ToString());
        Assert.Empty(RunningRingfence.ProcessesWith(marker));
    }

    [Theory(Timeout = Patience)]
    [InlineData("text")]
    [InlineData("claude-stream-json")]
    public async Task Is_ended_when_it_floods_its_output_and_the_record_stays_small(string events)
    {
        await using var ringfence = await RunningRingfence.StartAsync(script: null);

        await PrepareAsync(ringfence, "touch made; yes \"$(head -c 4000 /dev/zero | tr '\\0' a)\"", events);
        var (count, last) = (0, "");

        // Some 200 MB, which are counted in a file.
        var file = Path.Combine(ringfence.Temporary, "events.jsonl");
        await using var shell = Cli.Start("bash", ["-c", "exec \"$@\" > \"$0\"", file, "dotnet", Checkout.Ringfence, .. Run], ringfence.Repository, ringfence.Environment);
        var run = await shell.EndsAsync(TestContext.Current.CancellationToken);

        foreach (var line in File.ReadLines(file))
        {
            (count, last) = (count + 1, line);
        }

        Assert.True(run.ExitCode == 10, last + run.Error);
        Assert.Equal("resource_limit", (string?)JsonNode.Parse(last)!["reason"]);
        Assert.InRange(count, 1, 60_000);
    }

    [Fact(Timeout = Patience)]
    public async Task Is_named_when_it_is_not_there()
    {
        await using var ringfence = await RunningRingfence.StartAsync(script: null);
        await ringfence.CommitAsync(("README.md", "# A project\n"));
        await DescribeAsync(ringfence, "/usr/bin/no-such-agent", "text");

        var missing = await ringfence.CliAsync("run", "-p", "x", "--agent", "mine", "--upstream", "anthropic=http://127.0.0.1:9");

        Assert.Equal(9, missing.ExitCode);
        Assert.Contains("/usr/bin/no-such-agent cannot be executed", missing.Error, StringComparison.Ordinal);
    }

    private static async Task<CliResult> RunAsync(RunningRingfence ringfence, string script, string events, params string[] more)
    {
        await PrepareAsync(ringfence, script, events);
        return await ringfence.CliAsync([.. Run, .. more]);
    }

    private static async Task PrepareAsync(RunningRingfence ringfence, string script, string events)
    {
        await ringfence.CommitAsync(("agent.sh", "#!/bin/sh\n" + script + "\n"));
        await DescribeAsync(ringfence, "/workspace/agent.sh", events);
    }

    private static async Task DescribeAsync(RunningRingfence ringfence, string command, string events)
    {
        Directory.CreateDirectory(Path.Combine(ringfence.Home, "agents"));
        await File.WriteAllTextAsync(
            Path.Combine(ringfence.Home, "agents", "mine.yaml"), $"name: mine\nwire: anthropic\nevents: {events}\ncommand: [{command}]\n", TestContext.Current.CancellationToken);
    }
}
