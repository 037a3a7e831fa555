using Ringfence.Runs;
using Xunit;

namespace Ringfence.Tests.Runs;

public sealed class A_proposed_change
{
    [Theory]
    [InlineData("refs/pull/7/head", "HEAD")]
    [InlineData("pull/7/merge", "HEAD")]
    [InlineData("refs/merge-requests/12/head", "HEAD")]
    [InlineData("refs/pull-requests/3/from", "HEAD")]
    [InlineData("main", null)]
    [InlineData("refs/heads/pull", null)]
    [InlineData("feature/pull/7", null)]
    [InlineData(null, null)]
    public void Is_known_by_its_reference_and_tells_no_agent_how_to_behave(string? reference, string? from)
    {
        var request = new RunRequest { Prompt = "x", Repository = ".", RequestedBy = "me", Ref = reference };

        Assert.Equal((from, from is not null), (request.TrustedConfiguration, request.IsUntrusted));
        Assert.Equal("main", (request with { ConfigurationFrom = "main" }).TrustedConfiguration);
        Assert.Null((request with { HideRepositoryConfiguration = true }).TrustedConfiguration);
    }
}
