using System.Text.Json.Nodes;
using Xunit;

namespace Ringfence.Acceptance;

/// <summary>An agent that an agent sends for a part of its work stands behind the same walls: its model calls and its commands are on the record like its sender's.</summary>
public sealed class A_sub_agent
{
    [Theory(Timeout = Patience)]
    [InlineData("ringfence-agent", "Task", "")]
    [InlineData("claude-code", "Agent", ", run_in_background: false")]
    public async Task Passes_the_gateway_and_is_on_the_record(string agent, string tool, string waiting)
    {
        await using var ringfence = await RunningRingfence.StartAsync(
            $$"""
            conversations:
              - name: helper
                when: { prompt: COUNT-THE-BIRDS }
                turns:
                  - calls: [{ tool: Bash, input: { command: "wc -l birds.txt | tee counted.txt", description: Count } }]
                  - require: [{ result: { tool: Bash, contains: 3 birds.txt } }]
                    text: "It is THREE-BIRDS."
            turns:
              - calls: [{ tool: {{tool}}, input: { description: Count birds, prompt: COUNT-THE-BIRDS, subagent_type: general-purpose{{waiting}} } }]
              - require: [{ result: { tool: {{tool}}, contains: THREE-BIRDS } }]
                text: Three.
            """);
        RealAgents.Place(ringfence, agent);
        await ringfence.CommitAsync(("birds.txt", "tit\nwren\nrook\n"));

        var run = await ringfence.CliAsync("run", "-p", "How many?", "--agent", agent, "--model", "simulated-model", "--json");

        Assert.True(run.ExitCode == 0, (await ringfence.ModelAsync()).ToJsonString() + run);
        await ringfence.ScriptWasPlayedAsync();
        var events = run.Lines.Select(line => JsonNode.Parse(line)!).ToList();
        Assert.Equal("3 birds.txt", (await ringfence.GitAsync("show", $"ringfence/{events[^1]["id"]}:counted.txt")).TrimEnd());

        // The command by its execve, the calls by the gateway: both of the sub-agent's in a conversation of their own, paid from the run's money.
        Assert.Contains(events, happened => (string?)happened["type"] == "command.started" && happened["data"]!["arguments"]!.ToJsonString() == """["wc","-l","birds.txt"]""");
        var calls = events.Where(happened => (string?)happened["type"] == "model.request").Select(call => (string?)call["conversation"]).ToList();
        Assert.Equal(2, calls.Count(conversation => conversation is null));
        Assert.Equal(2, calls.Count(conversation => conversation is not null));
    }
}
