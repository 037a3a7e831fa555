using System.Text.Json.Nodes;
using Xunit;

namespace Ringfence.Acceptance;

/// <summary>Agents that say they are done and go on sitting there, or start children that do: the run ends all the same, with what they did.</summary>
public sealed class An_agent_that_does_not_end
{
    [Fact(Timeout = Patience)]
    public async Task Is_ended_after_its_last_word_over_ACP()
    {
        await using var ringfence = await RunningRingfence.StartAsync("turns: [{ text: nobody asks }]");
        await ringfence.CommitAsync(("agent.sh", """
            #!/bin/sh
            read -r line; echo '{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":1}}'
            read -r line; echo '{"jsonrpc":"2.0","id":2,"result":{"sessionId":"s"}}'
            read -r line; echo done > made.txt; echo '{"jsonrpc":"2.0","id":3,"result":{"stopReason":"end_turn"}}'
            exec tail -f /dev/null
            """));

        var run = await ringfence.CliAsync("run", "-p", "Do it", "--agent", "acp:/workspace/agent.sh", "--model", "simulated-model", "--json");

        Assert.True(run.ExitCode == 0, run.ToString());
        Assert.Equal("made.txt", (string?)JsonNode.Parse(run.Lines[^1])!["files"]![0]!["path"]);
    }

    [Fact(Timeout = Patience)]
    public async Task Is_ended_after_its_last_word_in_a_stream()
    {
        await using var ringfence = await RunningRingfence.StartAsync("turns: [{ text: nobody asks }]");
        Directory.CreateDirectory(Path.Combine(ringfence.Home, "agents"));
        await File.WriteAllTextAsync(
            Path.Combine(ringfence.Home, "agents", "sits.yaml"), "name: sits\ncommand: [/workspace/agent.sh]\nevents: claude-stream-json\n",
            TestContext.Current.CancellationToken);
        await ringfence.CommitAsync(("agent.sh", """
            #!/bin/sh
            echo done > made.txt
            echo '{"type":"result","subtype":"success","is_error":false,"result":"All done."}'
            exec tail -f /dev/null
            """));

        var run = await ringfence.CliAsync("run", "-p", "Do it", "--agent", "sits", "--model", "simulated-model", "--json");

        Assert.True(run.ExitCode == 0, run.ToString());
        Assert.Equal("made.txt", (string?)JsonNode.Parse(run.Lines[^1])!["files"]![0]!["path"]);
    }
}
