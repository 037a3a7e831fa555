using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Ringfence.Audit;
using Ringfence.Egress;
using Xunit;

namespace Ringfence.Tests.Egress;

public sealed class A_tls_connection
{
    [Fact]
    public async Task That_asks_for_another_name_is_refused()
    {
        // N12
        await using var outside = await OutsideServer.StartAsync();
        await using var bench = await DoorBench.OpenAsync(outside, $"good.test@{outside.Address}", $"other.test@{outside.Address}");

        await Assert.ThrowsAnyAsync<IOException>(() => bench.ConnectTlsAsync("good.test", "other.test"));

        var fact = await bench.Record.WaitForAsync<NetworkConnection>(c => c.Protocol == "tls");
        Assert.Equal((false, "sni_mismatch", "good.test", "other.test"), (fact.Allowed, fact.Reason, fact.Host, fact.Sni));
        Assert.Empty(bench.Resolved);
    }

    [Fact]
    public async Task That_asks_for_no_name_is_refused()
    {
        await using var outside = await OutsideServer.StartAsync();
        await using var bench = await DoorBench.OpenAsync(outside, $"good.test@{outside.Address}");
        var (exit, _) = await bench.Inside.RunAsync("openssl", ["s_client", "-connect", "good.test:443", "-noservername", "-brief"]);
        Assert.NotEqual(0, exit);
        Assert.Equal("sni_missing", (await bench.Record.WaitForAsync<NetworkConnection>(c => c.Protocol == "tls")).Reason);
    }

    [Fact]
    public async Task That_hides_its_name_is_refused()
    {
        // N14: an encrypted client hello beside an allowed outer name.
        await using var outside = await OutsideServer.StartAsync();
        await using var bench = await DoorBench.OpenAsync(outside, $"good.test@{outside.Address}");
        using var socket = await bench.Inside.ConnectAsync("good.test", 443);

        Assert.Equal("RESET", await socket.TalkAsync(Hello("good.test", encrypted: true)));
        Assert.Equal("encrypted_client_hello", (await bench.Record.WaitForAsync<NetworkConnection>(c => c.Protocol == "tls")).Reason);
        Assert.Empty(bench.Resolved);
    }

    [Fact]
    public async Task Passes_with_a_hello_that_comes_byte_by_byte()
    {
        await using var outside = await OutsideServer.StartAsync();
        await using var bench = await DoorBench.OpenAsync(outside, $"good.test@{outside.Address}");
        using var socket = await bench.Inside.ConnectAsync("good.test", 443);
        socket.NoDelay = true;

        foreach (var b in Hello("good.test", encrypted: false))
        {
            await socket.SendAsync((byte[])[(byte)b]);
        }

        // The real server's answer to a hello without common ciphers: an alert record.
        var answer = new byte[7];
        Assert.True(await socket.ReceiveAsync(answer) > 0);
        Assert.Equal(21, answer[0]);
        Assert.Equal(["good.test"], bench.Resolved);
    }

    [Fact]
    public async Task Keeps_its_own_certificate_where_nothing_has_to_be_opened()
    {
        await using var outside = await OutsideServer.StartAsync();
        await using var bench = await DoorBench.OpenAsync(outside, $"good.test@{outside.Address}");
        await using var tls = await bench.ConnectTlsAsync("good.test", "good.test");
        Assert.Equal("CN=Outside test root", tls.RemoteCertificate!.Issuer);
    }

    [Fact]
    public async Task Is_not_spoken_to_by_something_else_on_its_port()
    {
        await using var outside = await OutsideServer.StartAsync();
        await using var bench = await DoorBench.OpenAsync(outside, $"good.test@{outside.Address}");
        Assert.Equal("RESET", await (await bench.Inside.ConnectAsync("good.test", 443)).TalkAsync("EHLO me\r\n"));
        Assert.Equal("RESET", await (await bench.Inside.ConnectAsync("good.test", 443)).TalkAsync("SSH-2.0-x\r\n"));
        Assert.All(bench.Connections, c => Assert.Equal("protocol_not_allowed", c.Reason));
        Assert.Empty(bench.Resolved);
    }

    [Fact]
    public async Task Is_cut_when_it_carries_away_more_than_its_budget()
    {
        // N32: the host is allowed; the amount is not.
        await using var outside = await OutsideServer.StartAsync();
        await using var bench = await DoorBench.OpenAsync(
            outside, new NetworkPolicy([$"good.test@{outside.Address}"]) { Limits = new EgressLimits { BytesUp = 1 << 20 } });
        var file = Path.Combine(bench.Folder, "loot");
        await File.WriteAllBytesAsync(file, new byte[4 << 20], TestContext.Current.CancellationToken);

        var (exit, _) = await bench.CurlAsync("--data-binary", $"@{file}", "https://good.test/");

        Assert.NotEqual(0, exit);
        Assert.Empty(outside.Requests);
        var fact = await bench.Record.WaitForAsync<NetworkConnection>(c => c.Protocol == "tls");
        Assert.Equal((false, "bytes_up"), (fact.Allowed, fact.Reason));
        Assert.InRange(fact.BytesUp, 1, 1 << 20);

        // The budget is the run's, not the connection's.
        Assert.NotEqual(0, (await bench.CurlAsync("https://good.test/")).ExitCode);
    }

    internal static string Hello(string name, bool encrypted)
    {
        byte[] text = Encoding.ASCII.GetBytes(name);
        byte[] sni = [0, 0, 0, (byte)(text.Length + 5), 0, (byte)(text.Length + 3), 0, 0, (byte)text.Length, .. text];
        byte[] ech = encrypted ? [0xFE, 0x0D, 0, 3, 0, 0, 1] : [];
        byte[] body = [3, 3, .. new byte[32], 0, 0, 2, 0x13, 1, 1, 0, 0, (byte)(sni.Length + ech.Length), .. sni, .. ech];
        return Encoding.Latin1.GetString([22, 3, 1, 0, (byte)(body.Length + 4), 1, 0, 0, (byte)body.Length, .. body]);
    }
}
