using System.Text.Json.Nodes;

namespace Ringfence.Agent.Tools;

/// <summary>Something that the model can have done. Names, inputs and results match Claude Code's, because models know those.</summary>
internal abstract class Tool
{
    public abstract string Name { get; }

    public abstract string Description { get; }

    /// <summary>JSON Schema of the input.</summary>
    public abstract JsonObject InputSchema { get; }

    /// <summary>Changes nothing, so that it may run beside others that change nothing.</summary>
    public virtual bool ReadsOnly => false;

    /// <summary>What a call touches, for the permission rules.</summary>
    public abstract ToolSubject Subject(JsonObject input, Workplace workplace);

    public abstract Task<ToolOutput> RunAsync(ToolCall call, CancellationToken cancellationToken);

    public JsonObject ToJson() => new()
    {
        ["name"] = Name,
        ["description"] = Description,
        ["input_schema"] = InputSchema.DeepClone(),
    };
}

/// <param name="Id">The model's name for the call.</param>
internal sealed record ToolCall(string Id, JsonObject Input, Workplace Workplace, Action<string>? Progress = null);

internal enum ToolKind
{
    Read,
    Edit,
    Command,
    Fetch,
    Mcp,

    /// <summary>Touches nothing outside this program.</summary>
    Internal,
}

/// <param name="Target">Absolute path, command line, URL or empty, by <paramref name="Kind"/>.</param>
internal readonly record struct ToolSubject(ToolKind Kind, string Target);

/// <summary>What a tool tells the model, and beside it what it tells programs that watch.</summary>
internal sealed record ToolOutput
{
    /// <summary>Text, or an array of content blocks.</summary>
    public required JsonNode Content { get; init; }

    public bool IsError { get; init; }

    /// <summary>The same as data, in Claude Code's shape, for <c>tool_use_result</c>.</summary>
    public JsonNode? Details { get; init; }

    /// <summary>The model has nothing more to do: the turn ends with this call.</summary>
    public bool EndsTurn { get; init; }

    public static ToolOutput Text(string text, JsonNode? details = null) => new() { Content = text, Details = details };

    public static ToolOutput Error(string text) => new() { Content = text, IsError = true, Details = "Error: " + text };

    /// <summary>The text of a result that may be text or blocks.</summary>
    public static string Text(JsonNode? content) => new ToolOutput { Content = content ?? "" }.Shown;

    public string Shown => Content is JsonValue value && value.TryGetValue<string>(out var text) ? text
        : string.Join('\n', Content.AsArray().Select(b => b.Text("text") ?? $"[{b.Text("type")}]"));
}
