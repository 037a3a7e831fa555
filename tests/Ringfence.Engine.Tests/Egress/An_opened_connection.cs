using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using Microsoft.AspNetCore.Http;
using Ringfence.Audit;
using Ringfence.Egress;
using Xunit;

namespace Ringfence.Tests.Egress;

public sealed class An_opened_connection
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("GET", "/v1/users", 200, null)]
    [InlineData("POST", "/v1/users", 403, "method_not_allowed")]
    [InlineData("GET", "/v2", 403, "path_not_allowed")]
    [InlineData("GET", "/v1/../v2", 403, "path_not_allowed")]
    [InlineData("GET", "/v1/%2e%2e/v2", 403, "path_not_allowed")]
    public async Task Has_its_requests_held_against_methods_and_paths(string method, string path, int status, string? reason)
    {
        await using var outside = await OutsideServer.StartAsync();
        await using var bench = await DoorBench.OpenAsync(outside, $"GET good.test/v1/*@{outside.Address}");
        var (_, output) = await bench.CurlAsync("--path-as-is", "-X", method, $"https://good.test{path}");
        Assert.EndsWith($" {status}", output, StringComparison.Ordinal);
        Assert.Equal(reason is null ? 1 : 0, outside.Requests.Count);

        if (reason is not null)
        {
            var fact = await bench.Record.WaitForAsync<NetworkConnection>(c => c.Reason == reason);
            Assert.Equal($"{method} {path}", fact.Request);
        }
    }

    [Fact]
    public async Task Means_the_method_that_it_says_first()
    {
        await using var outside = await OutsideServer.StartAsync();
        await using var bench = await DoorBench.OpenAsync(outside, $"GET good.test@{outside.Address}");
        var (_, output) = await bench.CurlAsync("-H", "X-HTTP-Method-Override: DELETE", "https://good.test/things/1");
        Assert.EndsWith(" 403", output, StringComparison.Ordinal);
        Assert.Empty(outside.Requests);
        await bench.Record.WaitForAsync<NetworkConnection>(c => c is { Reason: "method_not_allowed", Request: "GET /things/1" });
    }

    [Fact]
    public async Task Has_one_authority_in_http2()
    {
        // N23
        await using var outside = await OutsideServer.StartAsync();
        await using var bench = await DoorBench.OpenAsync(outside, $"GET good.test/*@{outside.Address}", $"GET other.test/*@{outside.Address}");
        const string Client = """
            const c = require('http2').connect('https://good.test', { ca: require('fs').readFileSync(process.argv[1]) });
            const ask = (path, authority) => new Promise(done => { const r = c.request({ ':path': path, ':authority': authority }); r.on('response', h => { console.log(h[':status']); r.resume(); }); r.on('close', done); r.end(); });
            ask('/one', 'good.test').then(() => ask('/two', 'other.test')).then(() => ask('/three', 'good.test')).then(() => c.close());
            """;

        var (_, output) = await bench.Inside.RunAsync("node", ["-e", Client, Path.Combine(bench.Folder, "ca.pem")]);

        Assert.Equal("200\n421\n200\n", output);
        Assert.Equal(["/one", "/three"], outside.Requests.Select(r => r.Target));
        Assert.All(outside.Requests, r => Assert.Equal("HTTP/2", r.Protocol));
        await bench.Record.WaitForAsync<NetworkConnection>(c => c is { Reason: "host_mismatch", Request: "GET /two" });
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Carries_a_websocket_to_its_own_host_only(bool tls)
    {
        await using var outside = await OutsideServer.StartAsync(async context =>
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            var buffer = new byte[256];
            var message = await socket.ReceiveAsync(buffer, Token);
            await socket.SendAsync(buffer.AsMemory(0, message.Count), WebSocketMessageType.Text, true, Token);
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, Token);
        });
        await using var bench = await DoorBench.OpenAsync(outside, $"GET good.test/*@{outside.Address}");
        using var client = bench.Http("good.test");
        using var socket = new ClientWebSocket();
        await socket.ConnectAsync(new Uri($"{(tls ? "wss" : "ws")}://good.test/chat"), client, Token);
        await socket.SendAsync("ping"u8.ToArray(), WebSocketMessageType.Text, true, Token);
        var buffer = new byte[256];
        var answer = await socket.ReceiveAsync(buffer, Token);
        Assert.Equal("ping", Encoding.UTF8.GetString(buffer, 0, answer.Count));

        // N22
        const string Handshake = "GET /chat HTTP/1.1\r\nHost: evil.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
        await using Stream other = tls ? await bench.ConnectTlsAsync("good.test", "good.test") : new NetworkStream(await bench.Inside.ConnectAsync("good.test", 80), ownsSocket: true);
        await other.WriteAsync(Encoding.ASCII.GetBytes(Handshake), Token);
        var head = new byte[12];
        await other.ReadExactlyAsync(head, Token);
        Assert.Equal("HTTP/1.1 421", Encoding.ASCII.GetString(head));
    }

    [Fact]
    public async Task Streams_both_ways_without_waiting_for_the_end()
    {
        var release = new TaskCompletionSource();
        await using var outside = await OutsideServer.StartAsync(async context =>
        {
            await context.Response.WriteAsync("first ");
            await context.Response.Body.FlushAsync();
            await release.Task;
            await context.Response.WriteAsync("second");
        });
        await using var bench = await DoorBench.OpenAsync(outside, $"GET good.test/*@{outside.Address}");
        using var client = bench.Http("good.test");
        using var response = await client.GetAsync(new Uri("https://good.test/"), HttpCompletionOption.ResponseHeadersRead, Token);
        await using var body = await response.Content.ReadAsStreamAsync(Token);
        var buffer = new byte[6];
        await body.ReadExactlyAsync(buffer, Token);
        Assert.Equal("first ", Encoding.ASCII.GetString(buffer));
        release.SetResult();
        await body.ReadExactlyAsync(buffer, Token);
        Assert.Equal("second", Encoding.ASCII.GetString(buffer));
    }

    [Fact]
    public async Task Is_recorded_as_distrusted_when_the_client_does_not_know_the_authority()
    {
        await using var outside = await OutsideServer.StartAsync();
        await using var bench = await DoorBench.OpenAsync(outside, $"GET good.test/*@{outside.Address}");
        var (exit, _) = await bench.Inside.RunAsync("curl", ["-sS", "--http1.1", "--tls-max", "1.2", "https://good.test/"]);
        Assert.Equal(60, exit);
        await bench.Record.WaitForAsync<NetworkConnection>(c => c is { Allowed: false, Reason: "client_distrust" });
        Assert.Empty(outside.Requests);
    }

    [Fact]
    public async Task Survives_an_upstream_that_breaks_off()
    {
        await using var outside = await OutsideServer.StartAsync(async context =>
        {
            context.Response.ContentLength = 1000;
            await context.Response.WriteAsync("only this");
            await context.Response.Body.FlushAsync();
            context.Abort();
        });
        await using var bench = await DoorBench.OpenAsync(outside, $"GET good.test/*@{outside.Address}");

        foreach (var version in (string[])["--http1.1", "--http2"])
        {
            // Broken off before its first byte it is a bad gateway; after that nothing may look like a whole answer.
            var (exit, output) = await bench.CurlAsync(version, "https://good.test/");
            Assert.True(exit != 0 || output.EndsWith(" 502", StringComparison.Ordinal), output);
        }
    }
}
