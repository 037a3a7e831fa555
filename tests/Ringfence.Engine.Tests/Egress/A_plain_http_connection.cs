using Ringfence.Audit;
using Ringfence.Egress;
using Xunit;

namespace Ringfence.Tests.Egress;

public sealed class A_plain_http_connection
{
    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: evil.test\r\n\r\n", "421", "host_mismatch")] // N16
    [InlineData("GET / HTTP/1.1\r\nHost: good.test:8080\r\n\r\n", "421", "host_mismatch")]
    [InlineData("GET / HTTP/1.1\r\nHost: good.test\0.evil.test\r\n\r\n", "400", "malformed_http")]
    [InlineData("GET / HTTP/1.1\r\nHost: good.test\r\nHost: evil.test\r\n\r\n", "400", "malformed_http")]
    [InlineData("GET / HTTP/1.1\r\n\r\n", "400", "malformed_http")]
    [InlineData("GET / HTTP/1.0\r\n\r\n", "421", "host_mismatch")]
    [InlineData("CONNECT evil.test:443 HTTP/1.1\r\nHost: evil.test:443\r\n\r\n", "405", "method_not_allowed")] // N18
    [InlineData("GET http://evil.test/ HTTP/1.1\r\nHost: good.test\r\n\r\n", "400", "malformed_http")]
    [InlineData("GET http://good.test/ HTTP/1.1\r\nHost: good.test\r\n\r\n", "400", "malformed_http")]
    [InlineData("TRACE / HTTP/1.1\r\nHost: good.test\r\n\r\n", "405", "method_not_allowed")] // S11
    [InlineData("GET / HTTP/1.1\r\nHost: good.test\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n\r\n", "403", "upgrade_not_allowed")] // N24
    [InlineData("POST / HTTP/1.1\r\nHost: good.test\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nX", "400", "malformed_http")]
    [InlineData("POST / HTTP/1.1\r\nHost: good.test\r\nContent-Length: 6\r\nContent-Length: 5\r\n\r\nabcdef", "400", "malformed_http")]
    [InlineData("POST / HTTP/1.1\r\nHost: good.test\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", "400", "malformed_http")]
    [InlineData("POST / HTTP/1.1\r\nHost: good.test\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", "400", "malformed_http")]
    [InlineData("POST / HTTP/1.1\r\nHost: good.test\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n", "400", "malformed_http")]
    [InlineData("GET / HTTP/1.1\r\nHost: good.test\r\nX: a\r\n b\r\n\r\n", "400", "malformed_http")]
    public async Task With_a_request_that_could_go_elsewhere_is_refused(string request, string status, string reason)
    {
        await using var outside = await OutsideServer.StartAsync();
        await using var bench = await DoorBench.OpenAsync(outside, $"good.test@{outside.Address}");
        var stream = new System.Net.Sockets.NetworkStream(await bench.Inside.ConnectAsync("good.test", 80), ownsSocket: true);
        await stream.WriteAsync(System.Text.Encoding.Latin1.GetBytes(request), TestContext.Current.CancellationToken);
        stream.Socket.Shutdown(System.Net.Sockets.SocketShutdown.Send);

        var answer = await stream.TalkAsync("");

        Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
        Assert.Empty(outside.Requests);
        await bench.Record.WaitForAsync<NetworkConnection>(c => c.Protocol == "http" && !c.Allowed && c.Reason == reason);
    }

    [Fact]
    public async Task Has_every_request_judged_not_only_the_first()
    {
        // Keep-alive and pipelining: an allowed first request must not open the way for the next.
        await using var outside = await OutsideServer.StartAsync();
        await using var bench = await DoorBench.OpenAsync(outside, $"good.test@{outside.Address}");
        using var socket = await bench.Inside.ConnectAsync("good.test", 80);

        var answer = await socket.TalkAsync(
            "GET /one HTTP/1.1\r\nHost: good.test\r\n\r\nGET /two HTTP/1.1\r\nHost: evil.test\r\n\r\nGET /three HTTP/1.1\r\nHost: good.test\r\nConnection: close\r\n\r\n");

        Assert.Equal(["/one", "/three"], outside.Requests.Select(r => r.Target));
        Assert.Contains("HTTP/1.1 421 ", answer, StringComparison.Ordinal);
        var fact = await bench.Record.WaitForAsync<NetworkConnection>(c => c.Reason == "host_mismatch");
        Assert.Equal("GET /two", fact.Request);
    }

    [Fact]
    public async Task By_prior_knowledge_of_http2_is_refused()
    {
        await using var outside = await OutsideServer.StartAsync();
        await using var bench = await DoorBench.OpenAsync(outside, $"good.test@{outside.Address}");
        Assert.Equal("RESET", await (await bench.Inside.ConnectAsync("good.test", 80)).TalkAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
        Assert.Equal("protocol_not_allowed", (await bench.Record.WaitForAsync<NetworkConnection>(c => c.Protocol == "http")).Reason);
    }

    [Fact]
    public async Task Passes_bodies_headers_and_statuses_unchanged()
    {
        await using var outside = await OutsideServer.StartAsync(async context =>
        {
            context.Response.StatusCode = 207;
            context.Response.Headers["X-Two"] = (string[])["a", "b"];
            context.Response.Headers["Set-Cookie"] = "k=v; Path=/";
            await context.Request.Body.CopyToAsync(context.Response.Body);
        });
        await using var bench = await DoorBench.OpenAsync(outside, $"good.test@{outside.Address}");
        var file = Path.Combine(bench.Folder, "body");
        var bytes = new byte[3_000_000];
        new Random(1).NextBytes(bytes);
        await File.WriteAllBytesAsync(file, bytes, TestContext.Current.CancellationToken);

        var (exit, output) = await bench.CurlAsync(
            "-X", "PUT", "--data-binary", $"@{file}", "-H", "X-Mine: 1", "-H", "Cookie: a=b; c=d", "-D", "-", "-o", file + ".back", "http://good.test/a%20b/../c?q=%2F&x=a+b#f");

        Assert.Equal(0, exit);
        Assert.Contains("207", output, StringComparison.Ordinal);
        Assert.Contains("Set-Cookie: k=v; Path=/", output, StringComparison.Ordinal);
        Assert.Equal(2, output.Split("X-Two:").Length - 1);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(file + ".back", TestContext.Current.CancellationToken));
        var seen = Assert.Single(outside.Requests);
        Assert.Equal(("PUT", "/c?q=%2F&x=a+b", "1", "a=b; c=d"), (seen.Method, seen.Target, seen.Headers["X-Mine"], seen.Headers["Cookie"]));
    }

    [Fact]
    public async Task Sends_a_path_on_byte_for_byte()
    {
        await using var outside = await OutsideServer.StartAsync();
        await using var bench = await DoorBench.OpenAsync(outside, $"good.test@{outside.Address}");
        using var socket = await bench.Inside.ConnectAsync("good.test", 80);
        await socket.TalkAsync("GET /a/%2e%2e/B%2Fc/./d//e?x=%41|\"[] HTTP/1.1\r\nHost: good.test\r\nConnection: close\r\n\r\n");
        Assert.Equal("/a/%2e%2e/B%2Fc/./d//e?x=%41|\"[]", Assert.Single(outside.Requests).Target);
    }

    [Fact]
    public async Task Is_counted_and_cut_at_its_budget_downwards()
    {
        await using var outside = await OutsideServer.StartAsync(context => context.Response.Body.WriteAsync(new byte[4 << 20]).AsTask());
        await using var bench = await DoorBench.OpenAsync(
            outside, new NetworkPolicy([$"good.test@{outside.Address}"]) { Limits = new EgressLimits { BytesDown = 1 << 20 } });

        var (exit, _) = await bench.CurlAsync("-o", "/dev/null", "http://good.test/");

        Assert.NotEqual(0, exit);
        Assert.Equal("bytes_down", (await bench.Record.WaitForAsync<NetworkConnection>(c => c.Protocol == "http")).Reason);
    }
}
