using System.Text.Json;
using System.Text.Json.Nodes;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;
using Ringfence.Agent.Hosts;
using Ringfence.Agent.Tools;

namespace Ringfence.Agent.Execution.Mcp;

/// <summary>A server in a process of its own or behind a URL, by the official client. Its library is loaded when the first such server is, not before.</summary>
internal sealed class ConnectedMcpServer(McpServerConfig config, string directory, IAgentHost host) : IMcpServer
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(30);
    private McpClient? client;

    public string Name => config.Name;

    public JsonObject? Info => client?.ServerInfo is { } info ? new JsonObject { ["name"] = info.Name, ["version"] = info.Version } : null;

    public async Task<IReadOnlyList<McpToolInfo>> ListToolsAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(StartLimit);

        try
        {
            var options = new McpClientOptions
            {
                ClientInfo = new Implementation { Name = "ringfence-agent", Version = Program.Version },
                Handlers = new McpClientHandlers { ElicitationHandler = ElicitAsync },
            };

            client = await McpClient.CreateAsync(Transport(), options, null, limit.Token);

            return
            [
                .. (await client.ListToolsAsync(new RequestOptions(), limit.Token)).Select(t => new McpToolInfo(
                    t.Name, t.Description, JsonNode.Parse(t.JsonSchema.GetRawText())!.AsObject(), t.ProtocolTool.Annotations?.ReadOnlyHint ?? false)),
            ];
        }
        catch (Exception e) when (e is IOException or HttpRequestException or ModelContextProtocol.McpException or JsonException or InvalidOperationException
            or System.ComponentModel.Win32Exception or TimeoutException)
        {
            throw new McpException(e.InnerException is { } inner ? $"{e.Message} {inner.Message}" : e.Message);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new McpException($"no answer within {StartLimit.TotalSeconds:0} s");
        }
    }

    public async Task<JsonObject> CallAsync(string tool, JsonObject arguments, string toolUseId, CancellationToken cancellationToken)
    {
        try
        {
            using var document = JsonDocument.Parse(arguments.ToText());
            var values = document.RootElement.EnumerateObject().ToDictionary(p => p.Name, p => p.Value.Clone(), StringComparer.Ordinal);
            var result = await client!.CallToolAsync(new CallToolRequestParams { Name = tool, Arguments = values }, cancellationToken);
            var json = JsonSerializer.SerializeToNode(result, McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(CallToolResult)))!.AsObject();
            return json;
        }
        catch (Exception e) when (e is IOException or HttpRequestException or ModelContextProtocol.McpException or InvalidOperationException or TimeoutException)
        {
            throw new McpException(e.Message);
        }
    }

    public async Task<JsonObject> ReadResourceAsync(string uri, CancellationToken cancellationToken)
    {
        try
        {
            var result = await client!.ReadResourceAsync(new ReadResourceRequestParams { Uri = uri }, cancellationToken);
            return JsonSerializer.SerializeToNode(result, McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(ReadResourceResult)))!.AsObject();
        }
        catch (Exception e) when (e is IOException or HttpRequestException or ModelContextProtocol.McpException or InvalidOperationException or TimeoutException)
        {
            throw new McpException(e.Message);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (client is not null)
        {
            await client.DisposeAsync();
        }
    }

    private async ValueTask<ElicitResult> ElicitAsync(ElicitRequestParams? question, CancellationToken cancellationToken)
    {
        var asked = JsonSerializer.SerializeToNode(question, McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(ElicitRequestParams))) as JsonObject ?? [];
        var answer = await host.ElicitAsync(config.Name, asked, cancellationToken) ?? new JsonObject { ["action"] = "decline" };
        return (ElicitResult)answer.Deserialize(McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(ElicitResult)))!;
    }

    private IClientTransport Transport()
    {
        if (config.Url is { } url)
        {
            return new HttpClientTransport(new HttpClientTransportOptions
            {
                Endpoint = url, Name = config.Name, AdditionalHeaders = new Dictionary<string, string>(config.Headers),
                TransportMode = config.IsSse ? HttpTransportMode.Sse : HttpTransportMode.AutoDetect,
            });
        }

        var environment = new Dictionary<string, string?>(StringComparer.Ordinal);

        foreach (var name in Workplace.HiddenVariables)
        {
            environment[name] = null;
        }

        foreach (var (name, value) in config.Environment)
        {
            environment[name] = value;
        }

        return new StdioClientTransport(new StdioClientTransportOptions
        {
            Command = config.Command!, Arguments = [.. config.Arguments], Name = config.Name, WorkingDirectory = directory, EnvironmentVariables = environment,
            ShutdownTimeout = TimeSpan.FromSeconds(2),
        });
    }
}
