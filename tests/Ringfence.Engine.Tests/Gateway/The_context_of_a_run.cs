using Ringfence.Audit;
using Ringfence.Model;
using Xunit;

namespace Ringfence.Tests.Gateway;

/// <summary>What the model was shown, and what it was no longer shown, is seen from the requests themselves.</summary>
public sealed class The_context_of_a_run
{
    private const string Tools = """
        "tools":[{"name":"Read","input_schema":{"type":"object"}}]
        """;

    private static readonly Turn Turn = new() { Text = "ok", Usage = new() { Input = 700, Output = 10 }, Times = 20 };

    [Fact]
    public async Task Grows_without_a_change_even_when_the_cache_mark_moves()
    {
        var changes = await ChangesAsync(
            [Text("user", "one", mark: true)],
            [Text("user", "one"), Text("assistant", "two"), Text("user", "three", mark: true)],
            [Text("user", "one"), Text("assistant", "two"), Text("user", "three"), Text("assistant", "four"), Text("user", "five", mark: true)]);

        Assert.Empty(changes);
    }

    [Fact]
    public async Task Shows_a_compaction_and_what_it_dropped()
    {
        var change = Assert.Single(await ChangesAsync(
            [Text("user", "one"), Text("assistant", "two"), Text("user", "three"), Text("assistant", "four"), Text("user", "five")],
            [Text("user", "a summary"), Text("user", "five")]));

        Assert.Equal("compaction", change.Kind);
        Assert.Equal(4, change.DroppedDigests.Count);
        Assert.Equal(700, change.TokensBefore);
        Assert.Equal(700, change.TokensAfter);
    }

    [Fact]
    public async Task Shows_tool_results_that_were_cleared()
    {
        var change = Assert.Single(await ChangesAsync(
            [Text("user", "one"), Result("a long result of a tool, kept until now")],
            [Text("user", "one"), Result("cleared"), Text("assistant", "next")]));

        Assert.Equal("cleared_tool_results", change.Kind);
        Assert.Single(change.DroppedDigests);
    }

    [Fact]
    public async Task Shows_an_edited_past()
    {
        var change = Assert.Single(await ChangesAsync(
            [Text("user", "never touch main"), Text("assistant", "two"), Text("user", "three")],
            [Text("user", "touch main"), Text("assistant", "two"), Text("user", "three"), Text("assistant", "four")]));

        Assert.Equal("edited_prefix", change.Kind);
    }

    [Fact]
    public async Task Says_when_a_pinned_constraint_is_gone()
    {
        var changes = await ChangesAsync(
            [Text("user", "Never write to \\\"main\\\".\\nDo the work."), Text("assistant", "two")],
            [Text("user", "a summary"), Text("assistant", "two")]);

        Assert.False(Assert.Single(changes).PinsPresent);
    }

    [Fact]
    public async Task Is_composed_of_parts_that_are_recorded_once()
    {
        await using var model = await SimulatedModel.StartAsync(Turn);
        await using var gateway = await RunningGateway.StartAsync(model.Address);
        await using var agent = gateway.Open();
        await SendAsync(agent, [Text("user", "one")]);
        await SendAsync(agent, [Text("user", "one"), Text("assistant", "two")]);

        var composed = agent.Of<ContextComposed>().Select(c => c.Segments.Select(s => s.Kind).ToList()).ToList();
        Assert.Equal(["tools", "message"], composed[0]);
        Assert.Equal(["message"], composed[1]);

        var prefixes = agent.Of<ModelRequested>().Select(r => r.PrefixDigests).ToList();
        Assert.Equal(prefixes[0], prefixes[1].Take(2));
    }

    private static async Task<IReadOnlyList<ContextChanged>> ChangesAsync(params string[][] requests)
    {
        await using var model = await SimulatedModel.StartAsync(Turn);
        await using var gateway = await RunningGateway.StartAsync(model.Address);
        await using var agent = gateway.Open(change: r => r with { Pins = ["Never write to \"main\"."] });

        foreach (var request in requests)
        {
            await SendAsync(agent, request);
        }

        // The pin is missing everywhere but in its own test: only changes for other reasons, and the one where it went, are of interest.
        return [.. agent.Of<ContextChanged>().Where(c => c.DroppedDigests.Count > 0)];
    }

    private static async Task SendAsync(Agent agent, string[] messages)
    {
        using var response = await agent.PostAsync(
            "/v1/messages", $$"""{"model":"simulated-model","max_tokens":100,{{Tools}},"messages":[{{string.Join(',', messages)}}]}""");

        Assert.True(response.IsSuccessStatusCode, await response.TextAsync());
    }

    private static string Text(string role, string text, bool mark = false) =>
        $$"""{"role":"{{role}}","content":[{"type":"text","text":"{{text}}"{{(mark ? ",\"cache_control\":{\"type\":\"ephemeral\"}" : "")}}}]}""";

    private static string Result(string text) => $$"""{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"{{text}}"}]}""";
}
