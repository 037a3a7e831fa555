using Xunit;

namespace Ringfence.Acceptance;

/// <summary>The agents that set-up fetched once for all tests: large, proprietary in part, so neither in the repository nor fetched by a test.</summary>
internal static class RealAgents
{
    private static readonly string Cache = Path.Combine(Checkout.Root, "artifacts", "agents-cache", "agents");

    /// <summary>Shows them to an installation, or skips the test with the reason why this one is not there.</summary>
    public static void Place(RunningRingfence ringfence, string agent)
    {
        if (agent == "ringfence-agent")
        {
            return;
        }

        var failed = Path.Combine(Cache, agent + ".failed");
        Assert.SkipUnless(
            File.Exists(Path.Combine(Cache, agent, "current")),
            File.Exists(failed) ? $"{agent} could not be fetched: {File.ReadAllText(failed).ReplaceLineEndings(" ").Trim()}" : $"{agent} was not fetched; ./test does it.");

        Directory.CreateDirectory(Path.Combine(ringfence.Home, "agents"));

        foreach (var name in (string[])[agent, "node"])
        {
            if (Directory.Exists(Path.Combine(Cache, name)))
            {
                Directory.CreateSymbolicLink(Path.Combine(ringfence.Home, "agents", name), Path.Combine(Cache, name));
            }
        }
    }
}
