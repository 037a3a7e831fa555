using System.Text;
using System.Text.Json.Nodes;

namespace Ringfence.Model;

/// <summary>A model request in words that all wires share. What the script's conditions look at.</summary>
public sealed record ModelRequest
{
    public required byte[] Body { get; init; }
    public required IReadOnlyDictionary<string, string> Headers { get; init; }
    public string Model { get; init; } = "";
    public bool Stream { get; init; }
    public string System { get; init; } = "";
    public IReadOnlyList<string> Tools { get; init; } = [];

    /// <summary>Upper bound of output tokens that the request sets; null is none.</summary>
    public long? MaxTokens { get; init; }

    /// <summary>Tools that take free text instead of JSON arguments (OpenAI Responses).</summary>
    public IReadOnlyList<string> CustomTools { get; init; } = [];

    /// <summary>Groups of tools, such as a tool server's, that are called by group and name (OpenAI Responses).</summary>
    public IReadOnlyList<string> Namespaces { get; init; } = [];

    /// <summary>Whether a stream shall end with the usage (OpenAI Chat Completions sends it only when asked).</summary>
    public bool ReportsStreamUsage { get; init; }

    /// <summary>Texts of user messages, without tool results, in order.</summary>
    public IReadOnlyList<string> UserTexts { get; init; } = [];

    public int AssistantMessages { get; init; }

    /// <summary>Every tool result of the conversation, in order.</summary>
    public IReadOnlyList<ToolResultItem> Results { get; init; } = [];

    /// <summary>Results after the newest assistant message.</summary>
    public IReadOnlyList<ToolResultItem> NewestResults => [.. Results.Where(r => r.AfterAssistant == AssistantMessages)];

    public string Prompt => UserTexts.Count == 0 ? "" : UserTexts[0];
    public string LastUser => UserTexts.Count == 0 ? "" : UserTexts[^1];
    public string BodyText => Encoding.UTF8.GetString(Body);
}

/// <param name="AfterAssistant">How many assistant messages stand before it.</param>
public sealed record ToolResultItem(string Id, string Tool, string Content, bool IsError, int AfterAssistant);

/// <summary>Collects messages of any wire into a <see cref="ModelRequest"/>.</summary>
internal sealed class ConversationReader
{
    private readonly Dictionary<string, string> toolById = [];
    private readonly List<ToolResultItem> results = [];
    private readonly List<string> userTexts = [];
    private readonly StringBuilder system = new();
    private bool inAssistant;

    public int AssistantMessages { get; private set; }

    public void System(string text) => system.Append(text).Append('\n');

    public void User(string text)
    {
        inAssistant = false;
        userTexts.Add(text);
    }

    /// <summary>Items of one assistant message may come as several items in a row (OpenAI Responses): they count once.</summary>
    public void Assistant()
    {
        AssistantMessages += inAssistant ? 0 : 1;
        inAssistant = true;
    }

    public void Call(string id, string tool)
    {
        Assistant();
        toolById[id] = tool;
    }

    public void Result(string id, string content, bool isError, string? tool = null)
    {
        inAssistant = false;
        results.Add(new ToolResultItem(id, tool ?? toolById.GetValueOrDefault(id, "?"), content, isError, AssistantMessages));
    }

    public ModelRequest Finish(byte[] body, IReadOnlyDictionary<string, string> headers, string model, bool stream, long? maxTokens, IEnumerable<string> tools) => new()
    {
        Body = body,
        Headers = headers,
        Model = model,
        Stream = stream,
        MaxTokens = maxTokens,
        Tools = [.. tools],
        System = system.ToString(),
        UserTexts = userTexts,
        AssistantMessages = AssistantMessages,
        Results = results,
    };

    /// <summary>Plain text of a content field: a string, or a list of parts with a <c>text</c> each; other parts are shown by their type.</summary>
    public static string TextOf(JsonNode? content) => content switch
    {
        null => "",
        JsonValue value when value.TryGetValue<string>(out var text) => text,
        JsonArray parts => string.Join("\n", parts.Select(TextOf)),
        JsonObject part => (string?)part["text"] ?? (part["content"] is { } inner ? TextOf(inner) : $"[{part["type"]}]"),
        _ => content.ToJsonString(),
    };
}
