using System.Net;
using System.Net.Sockets;
using System.Text;
using Ringfence.Audit;
using Ringfence.Egress;
using Xunit;

namespace Ringfence.Tests.Egress;

public sealed class A_door_under_load
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Refuses_connections_beyond_its_limit_and_recovers()
    {
        // N35: many clients that open and say nothing.
        await using var outside = await OutsideServer.StartAsync();
        await using var bench = await DoorBench.OpenAsync(
            outside, new NetworkPolicy([$"good.test@{outside.Address}"]) { Limits = new EgressLimits { Connections = 50, Opening = TimeSpan.FromHours(1) } });
        var address = await bench.Inside.LookUpAsync("good.test");
        var sockets = new List<Socket>();

        for (var i = 0; i < 1000; i++)
        {
            try
            {
                sockets.Add(await bench.Inside.ConnectAsync(address, 80));
            }
            catch (SocketException)
            {
                // Refused faster than it was noticed to be connected.
            }
        }

        await bench.Record.WaitForAsync<NetworkConnection>(_ => bench.Connections.Count(c => c.Reason == "connection_limit") == 950);
        sockets.ForEach(s => s.Dispose());
        await bench.Record.WaitForAsync<NetworkConnection>(_ => bench.Connections.Count() == 1000);

        Assert.Equal("hello from good.test 200", (await bench.CurlAsync("http://good.test/")).Output);
    }

    [Fact]
    public async Task Records_each_of_ten_thousand_connections()
    {
        const int Connections = 10_000;
        await using var bench = await DoorBench.OpenAsync(null, "good.test");
        var address = await bench.Inside.LookUpAsync("denied.test");

        await Parallel.ForEachAsync(
            Enumerable.Range(0, Connections), new ParallelOptions { MaxDegreeOfParallelism = 32, CancellationToken = TestContext.Current.CancellationToken },
            async (_, _) =>
            {
                using var socket = await bench.Inside.ConnectAsync(address, 5432);
                Assert.Equal("RESET", await socket.TalkAsync("\u0001"));
            });

        await bench.Record.WaitForAsync<NetworkConnection>(_ => bench.Connections.Count() == Connections);
        Assert.All(bench.Connections, c => Assert.Equal("not_in_allow_list", c.Reason));
    }

    [Fact]
    public async Task Ends_a_client_that_takes_for_ever_to_say_what_it_wants()
    {
        await using var outside = await OutsideServer.StartAsync();

        // A client that is ended before it knows that it is connected has shown nothing.
        var (answer, reason) = await LongEnoughAsync(TimeSpan.FromMilliseconds(200), AskAsync, asked => asked.Answer is not null);
        Assert.Equal(("RESET", "opening_timeout"), (answer, reason));

        async Task<(string? Answer, string Reason)> AskAsync(TimeSpan opening)
        {
            await using var bench = await DoorBench.OpenAsync(
                outside, new NetworkPolicy([$"good.test@{outside.Address}"]) { Limits = new EgressLimits { Opening = opening } });
            var answer = await TalkAsync(bench);
            return (answer, (await bench.Record.WaitForAsync<NetworkConnection>(c => c.Protocol != "dns")).Reason);
        }

        static async Task<string?> TalkAsync(DoorBench bench)
        {
            try
            {
                using var socket = await bench.Inside.ConnectAsync("good.test", 80);
                return await socket.TalkAsync("GET / HTTP");
            }
            catch (SocketException)
            {
                return null;
            }
        }
    }

    [Fact]
    public async Task Records_a_connection_when_it_is_dialled_and_names_that_at_its_end()
    {
        await using var outside = await OutsideServer.StartAsync();
        var bench = await DoorBench.OpenAsync(outside, $"good.test@{outside.Address}");
        var tls = await bench.ConnectTlsAsync("good.test", "good.test");

        var opened = Assert.Single(bench.Record.Of<NetworkOpened>());
        Assert.Empty(bench.Connections);
        Assert.Equal(("good.test", 443, outside.Address.ToString(), "tls", $"good.test@{outside.Address}"), (opened.Host, opened.Port, opened.Address, opened.Protocol, opened.Rule));

        await bench.DisposeAsync();
        await tls.DisposeAsync();
        Assert.Equal([bench.Record.Of<AuditFact>().ToList().IndexOf(opened)], Assert.Single(bench.Connections).Causes.Select(seq => (int)seq));
    }

    [Fact]
    public async Task Records_what_is_open_when_it_closes()
    {
        await using var outside = await OutsideServer.StartAsync();
        var bench = await DoorBench.OpenAsync(outside, $"good.test@{outside.Address}");
        var tls = await bench.ConnectTlsAsync("good.test", "good.test");
        await bench.DisposeAsync();
        var fact = Assert.Single(bench.Connections);
        Assert.Equal((true, "tls", "good.test"), (fact.Allowed, fact.Protocol, fact.Sni));
        Assert.True(fact.BytesDown > 0);
        await tls.DisposeAsync();
    }

    [Fact]
    public async Task Dials_only_the_address_that_it_checked()
    {
        // N07: the name leads somewhere else each time it is asked for. It is asked for once per connection.
        await using var outside = await OutsideServer.StartAsync();
        var asked = 0;
        await using var bench = await DoorBench.OpenAsync(
            outside, new NetworkPolicy([$"good.test@{outside.Address}"]), names: _ => Interlocked.Increment(ref asked) == 1 ? [outside.Address] : [IPAddress.Loopback]);

        Assert.Equal("hello from good.test 200", (await bench.CurlAsync("http://good.test/")).Output);
        Assert.Equal(1, asked);
        Assert.Contains("private_address", (await bench.CurlAsync("http://good.test/")).Output, StringComparison.Ordinal);
        Assert.Contains("private_address", (await bench.CurlAsync("https://good.test/")).Output, StringComparison.Ordinal);
        Assert.Single(outside.Requests);
    }

    [Theory]
    [InlineData("169.254.169.254")]
    [InlineData("10.1.2.3")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("fd00:ec2::254")]
    public async Task Never_dials_a_private_address_for_a_public_name_even_while_learning(string address)
    {
        await using var bench = await DoorBench.OpenAsync(null, new NetworkPolicy([], Learn: true), names: _ => [IPAddress.Parse(address)]);
        Assert.Contains("private_address", (await bench.CurlAsync("http://good.test/")).Output, StringComparison.Ordinal);
        Assert.Empty(bench.Door.Learned);
    }

    [Fact]
    public async Task Says_what_a_run_needed_when_it_learns()
    {
        // A public address behind which nobody is: what counts is what the run wanted.
        await using var bench = await DoorBench.OpenAsync(
            null, new NetworkPolicy(["known.test"], Learn: true), names: n => [IPAddress.Parse("2a00::1")]);
        await AskAsync(bench, "http://wanted.test/", "http://also.test:8080/", "http://known.test/");
        Assert.Equal(["also.test:8080", "wanted.test"], bench.Door.Learned);
    }

    [Fact]
    public async Task Lets_through_what_it_had_learned_when_that_is_pasted_as_the_allow_list()
    {
        // A public address behind which nobody is: what counts is what is resolved, and so let through, the second time.
        await using var learning = await DoorBench.OpenAsync(null, new NetworkPolicy([], Learn: true), names: n => [IPAddress.Parse("2a00::1")]);

        await AskAsync(learning, "http://plain.test/", "https://over-tls.test/", "http://a.b.other.test:8080/x?y", "http://UPPER.test/");

        Assert.Equal(["a.b.other.test:8080", "over-tls.test", "plain.test", "upper.test"], learning.Door.Learned);
        await using var strict = await DoorBench.OpenAsync(null, new NetworkPolicy(learning.Door.Learned), names: n => [IPAddress.Parse("2a00::1")]);

        Assert.All(
            await AskAsync(strict, "http://plain.test/", "http://a.b.other.test:8080/x?y", "http://UPPER.test/"), answer => Assert.DoesNotContain("not_in_allow_list", answer, StringComparison.Ordinal));
        Assert.Contains("not_in_allow_list", Assert.Single(await AskAsync(strict, "http://never-learned.test/")), StringComparison.Ordinal);
        Assert.Equal(["a.b.other.test", "plain.test", "upper.test"], strict.Resolved.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("SSH-2.0-client\r\n", true)]
    [InlineData("GET / HTTP/1.1\r\nHost: good.test\r\n\r\n", false)]
    [InlineData("\u0001anything", false)]
    public async Task Lets_ssh_and_nothing_else_to_port_22_of_a_host_that_a_rule_names_with_it(string opening, bool reaches)
    {
        using var ssh = new TcpListener(await FreshAddressAsync(), 22);
        ssh.Start();
        await using var bench = await DoorBench.OpenAsync(
            null, new NetworkPolicy([$"good.test:22@{((IPEndPoint)ssh.LocalEndpoint).Address}"]), names: _ => [((IPEndPoint)ssh.LocalEndpoint).Address]);
        using var client = await bench.Inside.ConnectAsync("good.test", 22);
        await using var stream = new NetworkStream(client);
        await stream.WriteAsync(Encoding.Latin1.GetBytes(opening), Token);

        if (reaches)
        {
            using var server = await ssh.AcceptSocketAsync(Token);
            await server.SendAsync("SSH-2.0-server\r\n"u8.ToArray(), Token);
            Assert.Equal("SSH-2.0-server\r\n", await stream.ReadTextAsync(16));
            await using var there = new NetworkStream(server);
            Assert.Equal(opening, await there.ReadTextAsync(opening.Length));
        }
        else
        {
            await stream.TalkAsync("");
            Assert.False(ssh.Pending());
            Assert.False((await bench.Record.WaitForAsync<NetworkConnection>(c => c.Protocol != "dns")).Allowed);
        }
    }

    [Fact]
    public async Task Passes_a_protocol_in_which_the_server_speaks_first()
    {
        using var smtp = new TcpListener(await FreshAddressAsync(), 2525);
        smtp.Start();
        await using var bench = await DoorBench.OpenAsync(
            null, new NetworkPolicy([$"good.test:2525@{((IPEndPoint)smtp.LocalEndpoint).Address}"]), names: _ => [((IPEndPoint)smtp.LocalEndpoint).Address]);
        using var client = await bench.Inside.ConnectAsync("good.test", 2525);
        using var server = await smtp.AcceptSocketAsync(Token);
        await using var here = new NetworkStream(client);
        await using var there = new NetworkStream(server);
        await there.WriteAsync("220 hello\r\n"u8.ToArray(), Token);
        Assert.Equal("220 hello\r\n", await here.ReadTextAsync(11));
        await here.WriteAsync("EHLO me\r\n"u8.ToArray(), Token);
        Assert.Equal("EHLO me\r\n", await there.ReadTextAsync(9));
        client.Dispose();
        Assert.Equal("", await there.TalkAsync(""));
        server.Dispose();
        Assert.True((await bench.Record.WaitForAsync<NetworkConnection>(c => c.Protocol != "dns")).Allowed);
    }

    /// <summary>All at once: how soon nobody answers is a matter of the machine's network.</summary>
    private static Task<string[]> AskAsync(DoorBench bench, params string[] urls) =>
        Task.WhenAll(urls.Select(async url => (await bench.CurlAsync(url)).Output));

    private static async Task<IPAddress> FreshAddressAsync()
    {
        // Borrowed from a server's numbering, so that no two tests share an address.
        await using var server = await OutsideServer.StartAsync();
        return server.Address;
    }
}
