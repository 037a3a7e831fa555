using System.Diagnostics;
using Ringfence.Tests.Support;

namespace Ringfence.Tests.Servers;

/// <summary>The reference server of the Model Context Protocol's makers, unmodified, over each of its transports.</summary>
public sealed class A_tool_server
{
    private static readonly string Everything = Path.GetFullPath(Path.Combine(Node.Directory, "node_modules/@modelcontextprotocol/server-everything/dist/index.js"));

    [Fact]
    public async Task Is_started_and_lends_its_tools()
    {
        Node.SkipWithoutPackages();
        await using var agent = await AgentProcess.WithModelAsync(Echo);

        var run = await RunAsync(agent, $$"""{"command":"node","args":["{{Everything}}","stdio"]}""");

        Assert.Equal("ok\n", run.Output);
    }

    [Theory]
    [InlineData("streamableHttp", "mcp", "http")]
    [InlineData("sse", "sse", "sse")]
    public async Task Is_reached_over_http(string transport, string path, string type)
    {
        Node.SkipWithoutPackages();
        await using var server = await HttpServer.StartAsync(transport);
        await using var agent = await AgentProcess.WithModelAsync(Echo);

        var run = await RunAsync(agent, $$"""{"type":"{{type}}","url":"{{server.Address}}/{{path}}"}""");

        Assert.Equal("ok\n", run.Output);
    }

    [Fact]
    public async Task That_goes_away_is_an_error_for_the_model_and_not_for_the_run()
    {
        Node.SkipWithoutPackages();
        await using var server = await HttpServer.StartAsync("streamableHttp");
        await using var agent = await AgentProcess.WithModelAsync(
            $$"""
            turns:
              - calls: [{ tool: mcp__everything__echo, input: { message: heron } }]
              - require: [{ result: { tool: mcp__everything__echo, contains: "Echo: heron" } }]
                calls: [{ tool: Bash, input: { command: "kill -9 {{server.ProcessId}}; tail --pid={{server.ProcessId}} -f /dev/null" } }]
              - calls: [{ tool: mcp__everything__echo, input: { message: crane } }]
              - require: [{ result: { tool: mcp__everything__echo, contains: "everything: ", error: true } }]
                text: ok
            """);

        var run = await RunAsync(agent, $$"""{"type":"http","url":"{{server.Address}}/mcp"}""");

        Assert.Equal("ok\n", run.Output);
    }

    [Theory]
    [InlineData("""{"command":"/no/such/program"}""")]
    [InlineData("""{"type":"http","url":"http://127.0.0.1:9/mcp"}""")]
    public async Task That_is_missing_is_told_and_done_without(string server)
    {
        await using var agent = await AgentProcess.WithModelAsync("{ turns: [{ text: ok }] }");

        var run = await RunAsync(agent, server, "--output-format", "stream-json", "--verbose");

        Assert.Equal((0, "failed"), (run.ExitCode, (string?)run.OfType("system", "init").Single()["mcp_servers"]![0]!["status"]));
    }

    private const string Echo =
        """
        turns:
          - require: [{ tool: mcp__everything__echo }]
            calls: [{ tool: mcp__everything__echo, input: { message: heron } }]
          - require: [{ result: { tool: mcp__everything__echo, contains: "Echo: heron" } }]
            text: ok
        """;

    private static Task<AgentRun> RunAsync(AgentProcess agent, string server, params string[] arguments) => agent.RunAsync(
        ["-p", "go", "--mcp-config", $$$"""{"mcpServers":{"everything":{{{server}}}}}""", "--allowedTools", "mcp__everything,Bash", .. arguments]);

    private sealed class HttpServer(Process process, string address) : IAsyncDisposable
    {
        public string Address => address;

        public int ProcessId => process.Id;

        public static async Task<HttpServer> StartAsync(string transport)
        {
            var loopback = Path.GetFullPath(Path.Combine(Node.Directory, "loopback.mjs"));
            var process = Process.Start(new ProcessStartInfo("node", ["--import", loopback, Everything, transport]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            process.BeginErrorReadLine();

            while (await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
            {
                if (line.StartsWith("http://", StringComparison.Ordinal))
                {
                    // It goes on talking: nobody reading would stop it.
                    _ = process.StandardOutput.ReadToEndAsync();
                    return new HttpServer(process, line);
                }
            }

            throw new InvalidOperationException($"The server ended with {process.ExitCode}.");
        }

        public async ValueTask DisposeAsync()
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
            process.Dispose();
        }
    }
}
