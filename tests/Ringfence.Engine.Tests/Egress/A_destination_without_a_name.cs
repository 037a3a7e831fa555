using System.Net;
using System.Net.Sockets;
using Ringfence.Audit;
using Ringfence.Egress;
using Xunit;

namespace Ringfence.Tests.Egress;

public sealed class A_destination_without_a_name
{
    [Theory]
    [InlineData("93.184.216.34", 443)] // N01
    [InlineData("2606:2800:220:1::1", 80)] // N02
    [InlineData("169.254.169.254", 80)] // N03
    [InlineData("fd00:ec2::254", 80)]
    [InlineData("100.100.100.200", 80)]
    [InlineData("10.0.0.5", 5432)] // N05
    [InlineData("198.18.7.7", 443)] // in the synthetic range, but given out to nobody
    [InlineData("::ffff:169.254.169.254", 80)]
    public async Task Is_refused_and_recorded(string address, int port)
    {
        await using var bench = await DoorBench.OpenAsync(null, new NetworkPolicy(["good.test"], Learn: true));

        using var socket = await bench.Inside.ConnectAsync(IPAddress.Parse(address), port);
        var answer = await socket.TalkAsync("GET /latest/meta-data HTTP/1.1\r\nHost: good.test\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 403 ", answer, StringComparison.Ordinal);
        Assert.Contains("literal_address", answer, StringComparison.Ordinal);
        var fact = await bench.Record.WaitForAsync<NetworkConnection>(_ => true);
        Assert.Equal((false, "literal_address", port), (fact.Allowed, fact.Reason, fact.Port));
        Assert.Equal(IPAddress.Parse(address.Replace("::ffff:", "", StringComparison.Ordinal)).ToString(), fact.Host);
        Assert.Empty(bench.Resolved);
    }

    [Fact]
    public async Task Is_reset_when_its_protocol_has_no_words_for_a_refusal()
    {
        await using var bench = await DoorBench.OpenAsync(null, "good.test");
        Assert.Equal("RESET", await (await bench.Inside.ConnectAsync(IPAddress.Parse("93.184.216.34"), 9999)).TalkAsync("\0\u0001binary"));
        Assert.Equal("literal_address", (await bench.Record.WaitForAsync<NetworkConnection>(_ => true)).Reason);
    }

    [Fact]
    public async Task Is_recorded_even_when_the_client_says_nothing()
    {
        await using var bench = await DoorBench.OpenAsync(null, "good.test");
        using var socket = await bench.Inside.ConnectAsync(IPAddress.Parse("93.184.216.34"), 5432);

        // The door ends it: this returns or throws without a byte from us.
        Assert.Equal("RESET", await socket.TalkAsync(""));
        Assert.Equal("literal_address", (await bench.Record.WaitForAsync<NetworkConnection>(_ => true)).Reason);
    }

    [Fact]
    public async Task That_is_a_name_server_gets_our_answers_and_no_others()
    {
        // N09, N10: DNS over TCP to any address is answered by the door; DNS over TLS or HTTPS is a connection like any other.
        await using var bench = await DoorBench.OpenAsync(null, "good.test");
        using var socket = await bench.Inside.ConnectAsync(IPAddress.Parse("8.8.8.8"), 53);
        var query = InsideClient.Query(1, "denied", "test");
        await socket.SendAsync((byte[])[0, (byte)query.Length, .. query]);
        await using var stream = new NetworkStream(socket);
        var length = await stream.ReadTextAsync(2);
        var answer = await stream.ReadTextAsync((length[0] << 8) + length[1]);
        Assert.Equal("\u00c6\u0012", answer[^4..^2]); // 198.18

        Assert.Equal("RESET", await (await bench.Inside.ConnectAsync(IPAddress.Parse("1.1.1.1"), 853)).TalkAsync("\u0016\u0003\u0001\0\u0002\u0001\0"));
        await bench.Record.WaitForAsync<NetworkConnection>(c => c is { Port: 853, Reason: "literal_address" });
        Assert.Contains(bench.Record.Of<NetworkConnection>(), c => c is { Protocol: "dns", Host: "denied.test", Allowed: false });
        Assert.Empty(bench.Resolved);
    }
}
