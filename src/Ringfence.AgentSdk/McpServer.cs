using System.Text.Json.Nodes;

namespace Ringfence.AgentSdk;

/// <summary>A tool server that speaks the Model Context Protocol.</summary>
public abstract record McpServer
{
    /// <summary>A program that the agent starts, reached over its standard streams.</summary>
    public sealed record Program(string Command, params IReadOnlyList<string> Arguments) : McpServer
    {
        public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

        internal override JsonObject ToJson() => new()
        {
            ["type"] = "stdio", ["command"] = Command, ["args"] = new JsonArray([.. Arguments.Select(a => (JsonNode)a)]), ["env"] = Strings(Environment),
        };
    }

    /// <summary>A server behind a URL (streamable HTTP).</summary>
    public sealed record Http(Uri Url) : McpServer
    {
        public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

        internal override JsonObject ToJson() => new() { ["type"] = "http", ["url"] = Url.ToString(), ["headers"] = Strings(Headers) };
    }

    internal abstract JsonObject ToJson();

    private static JsonObject Strings(IReadOnlyDictionary<string, string> strings) => new(strings.Select(s => KeyValuePair.Create(s.Key, (JsonNode?)s.Value)));
}

/// <param name="Status"><c>connected</c>, <c>failed</c>, <c>pending</c>, <c>disabled</c> or <c>needs-auth</c>.</param>
/// <param name="Tools">Names of its tools, as the server has them.</param>
public sealed record McpServerStatus(string Name, string Status, string? Error, IReadOnlyList<string> Tools)
{
    internal static McpServerStatus Parse(JsonNode status) => new(
        (string?)status["name"] ?? "", (string?)status["status"] ?? "", (string?)status["error"], [.. (status["tools"] as JsonArray ?? []).Select(t => (string?)t?["name"]).OfType<string>()]);
}

/// <param name="Errors">Why a server that was added could not be had, by its name.</param>
public sealed record McpServersChanged(IReadOnlyList<string> Added, IReadOnlyList<string> Removed, IReadOnlyDictionary<string, string> Errors);
