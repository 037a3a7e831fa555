using System.Text.Json.Nodes;
using Ringfence.Agent.Tools;

namespace Ringfence.Agent.Execution.Mcp;

/// <summary>Tools of another program, reached by the Model Context Protocol.</summary>
internal interface IMcpServer : IAsyncDisposable
{
    string Name { get; }

    /// <summary>The server's own name and version; null until it is connected.</summary>
    JsonObject? Info { get; }

    /// <summary>It has said that its tools are others now.</summary>
    bool HasChanged => false;

    /// <summary>Asks for its tools, and connects first where that is still to be done.</summary>
    /// <exception cref="McpException">It cannot be reached, or does not answer as the protocol says.</exception>
    Task<IReadOnlyList<McpToolInfo>> ListToolsAsync(CancellationToken cancellationToken);

    /// <returns>The result in MCP's form: <c>content</c>, <c>isError</c>.</returns>
    /// <exception cref="McpException">It cannot be reached, or refuses the call.</exception>
    Task<JsonObject> CallAsync(string tool, JsonObject arguments, string toolUseId, CancellationToken cancellationToken);

    /// <returns>The result in MCP's form: <c>contents</c>.</returns>
    /// <exception cref="McpException">It cannot be reached, or has no such resource.</exception>
    Task<JsonObject> ReadResourceAsync(string uri, CancellationToken cancellationToken);
}

internal sealed record McpToolInfo(string Name, string Description, JsonObject InputSchema, bool ReadsOnly);

internal sealed class McpException(string message) : Exception(message);

/// <summary>One tool of a server, under the name <c>mcp__SERVER__TOOL</c>.</summary>
internal sealed class McpTool(IMcpServer server, McpToolInfo info) : Tool
{
    private const int MostCharacters = 100_000;

    public override string Name { get; } = $"mcp__{Plain(server.Name)}__{Plain(info.Name)}";

    /// <summary>Its name at the server.</summary>
    public string ServerName => info.Name;

    public override string Description => info.Description;

    public override JsonObject InputSchema => info.InputSchema;

    public override bool ReadsOnly => info.ReadsOnly;

    public override ToolSubject Subject(JsonObject input, Workplace workplace) => new(ToolKind.Mcp, "");

    public override async Task<ToolOutput> RunAsync(ToolCall call, CancellationToken cancellationToken)
    {
        try
        {
            var result = await server.CallAsync(info.Name, call.Input, call.Id, cancellationToken);
            var content = Cut(result.Array("content") ?? []);
            return new ToolOutput { Content = Content(content), IsError = result.Flag("isError") ?? false, Details = content };
        }
        catch (McpException e)
        {
            return ToolOutput.Error($"{server.Name}: {e.Message}");
        }
    }

    /// <summary>The blocks with no more text in all of them together than a model can make use of, and what was cut off stated.</summary>
    private static JsonArray Cut(JsonArray content)
    {
        var left = MostCharacters;
        var cut = new JsonArray();

        foreach (var block in content.OfType<JsonObject>())
        {
            var copy = (JsonObject)block.DeepClone();
            var holder = copy.Object("resource") is { } resource ? resource : copy;

            if (holder.Text("text") is { } text)
            {
                holder["text"] = text.Length <= left ? text : $"{text[..left]}\n[{text.Length - left} more characters are left out.]";
                left = Math.Max(0, left - text.Length);
            }

            cut.Add((JsonNode)copy);
        }

        return cut;
    }

    /// <summary>MCP's blocks as the model's wire has them.</summary>
    private static JsonArray Content(JsonArray content)
    {
        var blocks = new JsonArray();

        foreach (var block in content)
        {
            blocks.Add((JsonNode)(block.Text("type") switch
            {
                "text" => Json.TextBlock(block.Text("text") ?? ""),
                "image" => new JsonObject
                {
                    ["type"] = "image",
                    ["source"] = new JsonObject { ["type"] = "base64", ["media_type"] = block.Text("mimeType"), ["data"] = block.Text("data") },
                },
                "resource" => Json.TextBlock(block.Object("resource").Text("text") ?? $"[resource {block.Object("resource").Text("uri")}]"),
                "resource_link" => Json.TextBlock($"[resource {block.Text("uri")}]"),
                var other => Json.TextBlock($"[{other} content, which cannot be shown]"),
            }));
        }

        if (blocks.Count == 0)
        {
            blocks.Add((JsonNode)Json.TextBlock("(no output)"));
        }

        return blocks;
    }

    public static string Plain(string name) => string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' ? c : '_'));
}
