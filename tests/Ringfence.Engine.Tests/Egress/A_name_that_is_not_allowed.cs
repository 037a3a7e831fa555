using System.Text;
using Ringfence.Audit;
using Ringfence.Egress;
using Xunit;

namespace Ringfence.Tests.Egress;

public sealed class A_name_that_is_not_allowed
{
    [Theory]
    [InlineData("denied.test")]
    [InlineData("good.test.evil.test")] // N20
    [InlineData("evilgood.test")]
    [InlineData("xn--gd-fka.test")]
    [InlineData("www.good.test")]
    public async Task Is_never_asked_for_outside(string name)
    {
        await using var outside = await OutsideServer.StartAsync();
        await using var bench = await DoorBench.OpenAsync(outside, $"good.test@{outside.Address}");

        var (_, output) = await bench.CurlAsync($"http://{name}/");

        Assert.EndsWith(" 403", output, StringComparison.Ordinal);
        Assert.Contains($"Ringfence refused {name}:80: not_in_allow_list", output, StringComparison.Ordinal);
        Assert.Empty(bench.Resolved);
        Assert.Empty(outside.Requests);
        var fact = await bench.Record.WaitForAsync<NetworkConnection>(c => c.Protocol == "http");
        Assert.Equal((name, false, "not_in_allow_list", "default"), (fact.Host, fact.Allowed, fact.Reason, fact.Rule));
    }

    [Fact]
    public async Task Is_refused_in_words_over_tls_too()
    {
        await using var bench = await DoorBench.OpenAsync(null, "good.test");
        var (_, output) = await bench.CurlAsync("https://denied.test/");
        Assert.Contains("not_in_allow_list", output, StringComparison.Ordinal);
        Assert.EndsWith(" 403", output, StringComparison.Ordinal);
        Assert.Empty(bench.Resolved);
    }

    [Theory]
    [InlineData("GOOD", "test")]
    [InlineData("gOoD", "TEST")]
    public async Task Is_not_one_that_differs_in_case_only(params string[] labels)
    {
        await using var outside = await OutsideServer.StartAsync();
        await using var bench = await DoorBench.OpenAsync(outside, $"good.test@{outside.Address}");
        using var socket = await bench.Inside.ConnectAsync(string.Join('.', labels), 80);
        Assert.Contains("hello from good.test", await socket.TalkAsync("GET / HTTP/1.1\r\nHost: good.TEST.\r\nConnection: close\r\n\r\n"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, "good.test\0", "evil", "test")] // N20: the NUL byte that cut a name short
    [InlineData(1, "good\r\n", "test")]
    [InlineData(1, "good.test", "evil", "test")]
    [InlineData(1, "g\u00f6\u00f6d", "test")]
    public async Task Is_refused_when_its_bytes_are_no_name(int type, params string[] labels)
    {
        await using var bench = await DoorBench.OpenAsync(null, "good.test");
        var answer = await bench.Inside.AskAsync((ushort)type, labels);
        Assert.Equal(5, answer[3] & 15);
        var fact = await bench.Record.WaitForAsync<NetworkConnection>(_ => true);
        Assert.Equal("malformed_name", fact.Reason);
        Assert.DoesNotContain('\0', fact.Host);
        Assert.DoesNotContain('\n', fact.Host);
    }

    [Theory]
    [InlineData(16)] // N08: TXT
    [InlineData(10)] // NULL
    [InlineData(65)] // N14: HTTPS, which carries keys for encrypted client hello
    [InlineData(255)]
    public async Task Carries_nothing_out_through_dns(int type)
    {
        await using var bench = await DoorBench.OpenAsync(null, "good.test");

        for (var i = 0; i < 3; i++)
        {
            var answer = await bench.Inside.AskAsync((ushort)type, $"stolen-data-{i}", "tunnel", "test");
            Assert.Equal(0, answer[7]); // no answer records
        }

        var facts = bench.Record.Of<NetworkConnection>();
        Assert.Equal(["stolen-data-0.tunnel.test", "stolen-data-1.tunnel.test", "stolen-data-2.tunnel.test"], facts.Select(f => f.Host));
        Assert.All(facts, f => Assert.False(f.Allowed));
        Assert.Empty(bench.Resolved);
    }

    [Fact]
    public async Task Is_told_to_a_client_that_follows_a_redirect_to_it()
    {
        // N21
        await using var outside = await OutsideServer.StartAsync(context =>
        {
            context.Response.Redirect("http://denied.test/elsewhere");
            return Task.CompletedTask;
        });
        await using var bench = await DoorBench.OpenAsync(outside, $"good.test@{outside.Address}");

        var (_, output) = await bench.CurlAsync("-L", "http://good.test/");

        Assert.Contains("Ringfence refused denied.test:80", output, StringComparison.Ordinal);
        Assert.Equal(["good.test"], bench.Resolved);
        Assert.Single(outside.Requests);
    }

    [Fact]
    public async Task Cannot_be_reached_through_a_relay_inside()
    {
        // N19: the relay's own connection comes out of the same namespace.
        await using var outside = await OutsideServer.StartAsync();
        await using var bench = await DoorBench.OpenAsync(outside, $"good.test@{outside.Address}");
        const string Relay = """
            const net = require('net'), http = require('http');
            const s = http.createServer().on('connect', (q, c) => { const [h, p] = q.url.split(':'); const u = net.connect(p, h, () => { c.write('HTTP/1.1 200 OK\r\n\r\n'); u.pipe(c); c.pipe(u); }); u.on('error', () => c.destroy()); c.on('error', () => {}); });
            s.listen(0, '127.0.0.1', () => require('child_process').execFile('curl', ['-sS', '-p', '-x', 'http://127.0.0.1:' + s.address().port, 'http://denied.test/'], (e, o, r) => { process.stdout.write(o + r); process.exit(); }));
            """;
        var (_, output) = await bench.Inside.RunAsync("node", ["-e", Relay]);
        Assert.Contains("Ringfence refused denied.test:80", output, StringComparison.Ordinal);
        Assert.Empty(bench.Resolved);
    }

    [Fact]
    public async Task Costs_the_supervisor_nothing_that_grows_for_ever()
    {
        await using var bench = await DoorBench.OpenAsync(null, "good.test");
        using var socket = bench.Inside.Udp();
        await socket.ConnectAsync(System.Net.IPAddress.Parse("192.0.2.53"), 53, TestContext.Current.CancellationToken);
        var buffer = new byte[512];
        var code = 0;

        for (var i = 0; i < SyntheticAddresses.Capacity + 10; i++)
        {
            await socket.SendAsync(InsideClient.Query(1, $"n{i}", "test"), TestContext.Current.CancellationToken);
            await socket.ReceiveAsync(buffer, TestContext.Current.CancellationToken);
            code = buffer[3] & 15;
        }

        Assert.Equal(5, code);
        Assert.Contains(bench.Record.Of<NetworkConnection>(), f => f.Reason == "too_many_names");
    }
}
