using Ringfence.Audit;
using Xunit;

namespace Ringfence.Tests.Egress;

public sealed class A_host_in_the_allow_list
{
    [Theory]
    [InlineData("http://good.test/", "http")]
    [InlineData("https://good.test/", "tls")]
    public async Task Is_reached_and_recorded_with_its_rule(string url, string protocol)
    {
        await using var outside = await OutsideServer.StartAsync();
        await using var bench = await DoorBench.OpenAsync(outside, $"good.test@{outside.Address}");

        var (exit, output) = await bench.CurlAsync(url);

        Assert.Equal("hello from good.test 200", output);
        Assert.Equal(0, exit);
        var fact = await bench.Record.WaitForAsync<NetworkConnection>(c => c.Protocol == protocol);
        Assert.Equal(("good.test", true, "allowed", $"good.test@{outside.Address}"), (fact.Host, fact.Allowed, fact.Reason, fact.Rule));
        Assert.True(fact.BytesUp > 50 && fact.BytesDown > 50);
    }
}
