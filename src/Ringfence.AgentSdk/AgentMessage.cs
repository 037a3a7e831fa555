using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Ringfence.AgentSdk;

/// <summary>Something that the agent said about its work. What this version does not know comes as <see cref="Other"/>: agents change weekly.</summary>
public abstract record AgentMessage
{
    /// <summary>The message as it came.</summary>
    public required JsonObject Raw { get; init; }

    public string? SessionId => (string?)Raw["session_id"];

    /// <summary>The call that started the sub-agent this is about; null for the agent itself.</summary>
    public string? ParentToolUseId => (string?)Raw["parent_tool_use_id"];

    /// <summary>A prompt was taken up.</summary>
    public sealed record Started(string Model, string PermissionMode, IReadOnlyList<string> Tools) : AgentMessage;

    public sealed record Assistant(IReadOnlyList<ContentBlock> Content, string? Model) : AgentMessage
    {
        public string Text => string.Concat(Content.OfType<ContentBlock.Text>().Select(t => t.Value));
    }

    /// <summary>What came back from tools, and prompts that are replayed.</summary>
    public sealed record User(IReadOnlyList<ContentBlock> Content) : AgentMessage;

    /// <summary>A piece of an answer while it is written; only with <see cref="AgentOptions.IncludePartialMessages"/>.</summary>
    public sealed record Partial(string EventType, string? TextDelta) : AgentMessage;

    /// <summary>The end of the work on one prompt. <see cref="IsError"/> is also true for a failed model call, whose subtype says success.</summary>
    public sealed record Result(string Subtype, bool IsError, string? Text, int Turns, decimal CostUsd, JsonNode? StructuredOutput, IReadOnlyList<string> Errors) : AgentMessage
    {
        /// <summary>Why it ended: <c>completed</c>, <c>max_turns</c>, <c>budget_exhausted</c>, <c>api_error</c>, …</summary>
        public string? TerminalReason => (string?)Raw["terminal_reason"];

        /// <summary>Calls that were not permitted: <c>tool_name</c>, <c>tool_use_id</c>, <c>tool_input</c>.</summary>
        public IReadOnlyList<JsonObject> PermissionDenials => [.. (Raw["permission_denials"] as JsonArray ?? []).OfType<JsonObject>()];

        /// <summary>Tokens and dollars of the whole session, sub-agents included, by model.</summary>
        public JsonObject ModelUsage => Raw["modelUsage"] as JsonObject ?? [];

        /// <summary>The answer as a <typeparamref name="T"/>.</summary>
        /// <exception cref="AgentException">There is none, or it has another form.</exception>
        public T Output<T>(JsonTypeInfo<T> type)
        {
            try
            {
                return StructuredOutput.Deserialize(type) ?? throw new AgentException($"No answer in the form that was asked for: {Subtype} {Text} {string.Join(' ', Errors)}".TrimEnd());
            }
            catch (JsonException e)
            {
                throw new AgentException($"The answer has another form than {typeof(T).Name}: {e.Message}", e);
            }
        }
    }

    /// <summary>Retries, denied permissions, status and whatever else there is.</summary>
    public sealed record Other(string Type, string? Subtype) : AgentMessage;

    internal static AgentMessage Parse(JsonObject raw)
    {
        var subtype = (string?)raw["subtype"];

        return (string?)raw["type"] switch
        {
            "system" when subtype == "init" => new Started(
                (string?)raw["model"] ?? "", (string?)raw["permissionMode"] ?? "", [.. (raw["tools"] as JsonArray ?? []).Select(t => t!.ToString())]) { Raw = raw },
            "assistant" => new Assistant(ContentBlock.ParseAll(raw["message"]?["content"]), (string?)raw["message"]?["model"]) { Raw = raw },
            "user" => new User(ContentBlock.ParseAll(raw["message"]?["content"])) { Raw = raw },
            "stream_event" => new Partial((string?)raw["event"]?["type"] ?? "", (string?)raw["event"]?["delta"]?["text"]) { Raw = raw },
            "result" => new Result(
                subtype ?? "", (bool?)raw["is_error"] ?? false, (string?)raw["result"], (int?)raw["num_turns"] ?? 0, (decimal?)raw["total_cost_usd"] ?? 0, raw["structured_output"],
                [.. (raw["errors"] as JsonArray ?? []).Select(e => e!.ToString())]) { Raw = raw },
            var type => new Other(type ?? "", subtype) { Raw = raw },
        };
    }
}

/// <summary>A part of a message.</summary>
public abstract record ContentBlock
{
    public sealed record Text(string Value) : ContentBlock;

    public sealed record Thinking(string Value) : ContentBlock;

    public sealed record ToolUse(string Id, string Name, JsonObject Input) : ContentBlock;

    public sealed record ToolResult(string ToolUseId, string Content, bool IsError) : ContentBlock;

    public sealed record Other(JsonNode Raw) : ContentBlock;

    internal static IReadOnlyList<ContentBlock> ParseAll(JsonNode? content) =>
        content is JsonArray blocks ? [.. blocks.Select(b => Parse(b!))] : content is null ? [] : [new Text(content.ToString())];

    private static ContentBlock Parse(JsonNode block) => (string?)block["type"] switch
    {
        "text" => new Text((string?)block["text"] ?? ""),
        "thinking" => new Thinking((string?)block["thinking"] ?? ""),
        "tool_use" => new ToolUse((string?)block["id"] ?? "", (string?)block["name"] ?? "", block["input"] as JsonObject ?? []),
        "tool_result" => new ToolResult((string?)block["tool_use_id"] ?? "", Shown(block["content"]), (bool?)block["is_error"] ?? false),
        _ => new Other(block),
    };

    private static string Shown(JsonNode? content) =>
        content is JsonArray blocks ? string.Join('\n', blocks.Select(b => (string?)b?["text"] ?? $"[{b?["type"]}]")) : content?.ToString() ?? "";
}
