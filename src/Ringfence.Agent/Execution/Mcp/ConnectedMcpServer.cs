using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Nodes;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;
using Ringfence.Agent.Hosts;

namespace Ringfence.Agent.Execution.Mcp;

/// <summary>A server in a process of its own or behind a URL, by the official client. Its library is loaded when the first such server is, not before.</summary>
internal sealed class ConnectedMcpServer(McpServerConfig config, string directory, IAgentHost host) : IMcpServer
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);
    private McpClient? client;
    private McpProcess? process;
    private volatile bool changed;

    public string Name => config.Name;

    public JsonObject? Info => client?.ServerInfo is { } info ? new JsonObject { ["name"] = info.Name, ["version"] = info.Version } : null;

    public bool HasChanged => changed;

    public Task<IReadOnlyList<McpToolInfo>> ListToolsAsync(CancellationToken cancellationToken) => AskAsync(config.StartLimit, ReadToolsAsync, cancellationToken);

    public Task<JsonObject> CallAsync(string tool, JsonObject arguments, string toolUseId, CancellationToken cancellationToken) => AskAsync(config.CallLimit, async token =>
    {
        using var document = JsonDocument.Parse(arguments.ToText());
        var values = document.RootElement.EnumerateObject().ToDictionary(p => p.Name, p => p.Value.Clone(), StringComparer.Ordinal);
        return Plain(await client!.CallToolAsync(new CallToolRequestParams { Name = tool, Arguments = values }, token));
    }, cancellationToken);

    public Task<JsonObject> ReadResourceAsync(string uri, CancellationToken cancellationToken) => AskAsync(
        config.CallLimit, async token => Plain(await client!.ReadResourceAsync(new ReadResourceRequestParams { Uri = uri }, token)), cancellationToken);

    public async ValueTask DisposeAsync()
    {
        // The process first: a client that waits for its last words would wait for ever.
        if (process is not null)
        {
            await process.DisposeAsync();
        }

        if (client is not null)
        {
            await Task.WhenAny(client.DisposeAsync().AsTask(), Task.Delay(Grace));
        }
    }

    private async Task<IReadOnlyList<McpToolInfo>> ReadToolsAsync(CancellationToken cancellationToken)
    {
        client ??= await McpClient.CreateAsync(new ForgivingTransport(Transport()), Options(), null, cancellationToken);
        changed = false;
        var tools = new List<McpToolInfo>();
        ListToolsResult page;
        var request = new ListToolsRequestParams();

        do
        {
            page = await client.ListToolsAsync(request, cancellationToken);
            tools.AddRange(page.Tools.Select(t => new McpToolInfo(t.Name, t.Description ?? "", JsonNode.Parse(t.InputSchema.GetRawText())!.AsObject(), t.Annotations?.ReadOnlyHint ?? false)));
            request.Cursor = page.NextCursor;
        }
        while (page.NextCursor is not null && tools.Count <= McpServerEntry.MostTools);

        return tools;
    }

    /// <summary>Every way in which a server fails to answer, as one exception that says which.</summary>
    private async Task<T> AskAsync<T>(TimeSpan patience, Func<CancellationToken, Task<T>> ask, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(patience);

        try
        {
            return await ask(limit.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new McpException($"no answer within {patience.TotalSeconds:0.###} s");
        }
        catch (Exception e) when (e is IOException or HttpRequestException or ModelContextProtocol.McpException or JsonException or InvalidOperationException
            or Win32Exception or TimeoutException or ObjectDisposedException)
        {
            throw new McpException(await WhyAsync(e));
        }
    }

    private async Task<string> WhyAsync(Exception e)
    {
        for (var cause = e; cause is not null; cause = cause.InnerException)
        {
            if (cause is MessageTooLongException)
            {
                return cause.Message;
            }
        }

        // An answer that says no came from a server that goes on.
        var ending = process is null || e is McpProtocolException ? null : await process.EndingAsync();
        return ending ?? (e.InnerException is { } inner ? $"{e.Message} {inner.Message}" : e.Message);
    }

    private McpClientOptions Options() => new()
    {
        ClientInfo = new Implementation { Name = "ringfence-agent", Version = Program.Version },
        InitializationTimeout = config.StartLimit,
        Handlers = new McpClientHandlers
        {
            ElicitationHandler = ElicitAsync,
            NotificationHandlers =
            [
                new(NotificationMethods.ToolListChangedNotification, (_, _) =>
                {
                    changed = true;
                    return ValueTask.CompletedTask;
                }),
            ],
        },
    };

    private async ValueTask<ElicitResult> ElicitAsync(ElicitRequestParams? question, CancellationToken cancellationToken)
    {
        var asked = JsonSerializer.SerializeToNode(question, McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(ElicitRequestParams))) as JsonObject ?? [];
        var answer = await host.ElicitAsync(config.Name, asked, cancellationToken) ?? new JsonObject { ["action"] = "decline" };
        return (ElicitResult)answer.Deserialize(McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(ElicitResult)))!;
    }

    private static JsonObject Plain<T>(T result) => JsonSerializer.SerializeToNode(result, McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(T)))!.AsObject();

    private IClientTransport Transport()
    {
        if (config.Url is not { } url)
        {
            process = McpProcess.Start(config, directory);
            return process.Transport;
        }

        var options = new HttpClientTransportOptions
        {
            Endpoint = url, Name = config.Name, AdditionalHeaders = new Dictionary<string, string>(config.Headers),
            TransportMode = config.IsSse ? HttpTransportMode.Sse : HttpTransportMode.AutoDetect,
        };

        return new HttpClientTransport(options, new HttpClient(new MessageLimit.OfAnswers()) { Timeout = Timeout.InfiniteTimeSpan }, null, ownsHttpClient: true);
    }
}
