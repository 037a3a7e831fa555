using System.Text.Json.Nodes;
using Ringfence.Agent.Execution.Mcp;

namespace Ringfence.Agent.Hosts.Control;

/// <summary>An MCP server that lives in the program that drives us: its messages travel through the control channel.</summary>
internal sealed class SdkMcpServer(string name, JsonObject? manifest, ControlChannel channel) : IMcpServer
{
    private int last;

    public string Name => name;

    public JsonObject? Info { get; private set; } = (JsonObject?)manifest.Object("initializeResult").Object("serverInfo")?.DeepClone();

    public async Task<IReadOnlyList<McpToolInfo>> ListToolsAsync(CancellationToken cancellationToken)
    {
        var tools = manifest.Object("toolsListResult").Array("tools");

        if (tools is null)
        {
            var answer = await CallAsync("initialize", new JsonObject
            {
                ["protocolVersion"] = "2025-06-18",
                ["capabilities"] = new JsonObject(),
                ["clientInfo"] = new JsonObject { ["name"] = "ringfence-agent", ["version"] = Program.Version },
            }, cancellationToken);

            Info = (JsonObject?)answer.Object("serverInfo")?.DeepClone();
            await SendAsync(new JsonObject { ["jsonrpc"] = "2.0", ["method"] = "notifications/initialized" }, cancellationToken);
            tools = (await CallAsync("tools/list", [], cancellationToken)).Array("tools");
        }

        return
        [
            .. (tools ?? []).OfType<JsonObject>().Where(t => t.Text("name") is not null).Select(t => new McpToolInfo(
                t.Text("name")!, t.Text("description") ?? "", (JsonObject?)t.Object("inputSchema")?.DeepClone() ?? new JsonObject { ["type"] = "object" },
                t.Object("annotations").Flag("readOnlyHint") ?? false)),
        ];
    }

    public Task<JsonObject> CallAsync(string tool, JsonObject arguments, string toolUseId, CancellationToken cancellationToken) => CallAsync("tools/call", new JsonObject
    {
        ["name"] = tool, ["arguments"] = arguments.DeepClone(), ["_meta"] = new JsonObject { ["claudecode/toolUseId"] = toolUseId },
    }, cancellationToken);

    public Task<JsonObject> ReadResourceAsync(string uri, CancellationToken cancellationToken) =>
        CallAsync("resources/read", new JsonObject { ["uri"] = uri }, cancellationToken);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async Task<JsonObject> CallAsync(string method, JsonObject parameters, CancellationToken cancellationToken)
    {
        var answer = await SendAsync(
            new JsonObject { ["method"] = method, ["params"] = parameters, ["jsonrpc"] = "2.0", ["id"] = Interlocked.Increment(ref last) }, cancellationToken);

        return answer.Object("error") is { } error ? throw new McpException(error.Text("message") ?? error.ToText()) : answer.Object("result") ?? [];
    }

    private async Task<JsonObject> SendAsync(JsonObject message, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await channel.AskAsync(new JsonObject { ["subtype"] = "mcp_message", ["server_name"] = name, ["message"] = message }, cancellationToken);
            return answer.Object("mcp_response") ?? [];
        }
        catch (ControlException e)
        {
            throw new McpException(e.Message);
        }
    }
}
