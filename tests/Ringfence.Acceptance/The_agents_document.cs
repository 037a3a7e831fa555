using System.Text.Json.Nodes;
using Xunit;

namespace Ringfence.Acceptance;

/// <summary>docs/agents.md shows what <c>eng/agents-table.sh</c> wrote: the agents, versions and checks of today, each passed.</summary>
public sealed class The_agents_document
{
    [Fact]
    public async Task Shows_every_agent_in_the_version_that_is_fetched_and_every_check()
    {
        await using var ringfence = await RunningRingfence.StartAsync(script: null);
        var agents = JsonNode.Parse((await ringfence.CliAsync("agents", "--json")).Output)!.AsArray();
        var document = await File.ReadAllLinesAsync(Path.Combine(Checkout.Root, "docs", "agents.md"), TestContext.Current.CancellationToken);

        var table = document.SkipWhile(line => line != "<!-- agents test -->").TakeWhile(line => line != "<!-- end -->")
            .Where(line => line.StartsWith('|')).Select(line => line.Trim('|').Split('|', StringSplitOptions.TrimEntries)).ToList();

        Assert.Equal(["agent", "version", "tested range", "wire", .. A_real_agent.Checks], table[0]);
        Assert.Equal(
            agents.Select(agent => (Name: $"`{agent!["name"]}`", Version: (string?)agent["tested_version"] ?? "built in", Range: Range(agent["tested_range"]), Wire: (string?)agent["wire"])),
            table[2..].Select(row => (Name: row[0], Version: row[1], Range: row[2], Wire: (string?)row[3])));
        Assert.All(table[2..].SelectMany(row => row[4..]), cell => Assert.StartsWith("✓", cell, StringComparison.Ordinal));
    }

    private static string Range(JsonNode? ends) => ends is JsonArray range ? $"{range[0]} to {range[1]}" : "";
}
