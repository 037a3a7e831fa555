using System.Net;
using Ringfence.Egress;
using Xunit;

namespace Ringfence.Tests.Egress;

public sealed class A_synthetic_address
{
    private readonly SyntheticAddresses addresses = new();

    [Fact]
    public void Leads_back_to_its_name_and_is_the_same_each_time()
    {
        var a = Name("a.example");
        var b = Name("b.example");
        Assert.True(addresses.TryGet(a, out var first));
        Assert.True(addresses.TryGet(b, out var second));
        Assert.True(addresses.TryGet(a, out var again));
        Assert.Equal(first, again);
        Assert.NotEqual(first, second);
        Assert.True(addresses.TryFind(second!.MapToIPv6(), out var found));
        Assert.Equal(b, found);
    }

    [Theory]
    [InlineData("198.18.0.0")]
    [InlineData("198.18.0.2")]
    [InlineData("198.20.0.1")]
    [InlineData("127.0.0.1")]
    [InlineData("93.184.216.34")]
    [InlineData("fd99::1")]
    public void That_was_not_given_out_leads_nowhere(string address)
    {
        var a = Name("a.example");
        addresses.TryGet(a, out _);
        Assert.False(addresses.TryFind(IPAddress.Parse(address), out _));
    }

    [Fact]
    public void Is_refused_to_a_run_that_used_up_its_names()
    {
        for (var i = 0; i < SyntheticAddresses.Capacity; i++)
        {
            var name = Name($"n{i}.example");
            Assert.True(addresses.TryGet(name, out var address));
            Assert.StartsWith("198.18.", address!.ToString(), StringComparison.Ordinal);
        }

        var more = Name("one.more.example");
        Assert.False(addresses.TryGet(more, out _));
        var known = Name("n0.example");
        Assert.True(addresses.TryGet(known, out _));
    }

    private static HostName Name(string text) => HostName.TryParse(text, out var name) ? name : throw new ArgumentException(text);
}
