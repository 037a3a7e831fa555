using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ringfence.Model;

/// <summary>A turn made concrete for one request: ids given, usage settled, cut at the request's limit. Wires only translate it.</summary>
internal sealed record Answer
{
    public required string Id { get; init; }
    public required string Model { get; init; }
    public required string Stop { get; init; }
    public string? Thinking { get; init; }
    public string? Text { get; init; }
    public IReadOnlyList<ToolCall> Calls { get; init; } = [];
    public required Tokens Tokens { get; init; }

    /// <summary>Laid over the wire's usage object.</summary>
    public JsonObject? RawUsage { get; init; }
    public int Chunk { get; init; } = 24;
    public IReadOnlyList<string> CustomTools { get; init; } = [];
    public IReadOnlyList<string> Namespaces { get; init; } = [];
    public bool ReportsStreamUsage { get; init; }

    public static Answer To(ModelRequest request, Turn turn, ModelScript script, int number)
    {
        var output = turn.Usage.Output ?? Estimate(turn);
        var limit = turn.IgnoreMaxTokens || request.MaxTokens is not { } max || output <= max ? (long?)null : max;

        return new Answer
        {
            Id = $"simulated_{number:d6}",
            Model = script.EchoModel || request.Model.Contains("simulated", StringComparison.Ordinal) ? request.Model : script.Model,
            Thinking = limit is null ? turn.Thinking : null,
            Text = limit is { } shown && turn.Text is { } text ? text[..(int)Math.Min(text.Length, text.Length * shown / output)] : turn.Text,
            Calls = limit is null ? [.. turn.Calls.Select((c, i) => c with { Id = c.Id ?? $"toolu_{number:d6}_{i}", Input = c.Input ?? [] })] : [],
            Stop = limit is null ? turn.Stop ?? (turn.Calls.Count > 0 ? "tool_use" : "end_turn") : "max_tokens",
            Chunk = Math.Max(1, turn.Chunk),
            RawUsage = turn.Usage.Raw,
            CustomTools = request.CustomTools,
            Namespaces = request.Namespaces,
            ReportsStreamUsage = request.ReportsStreamUsage,
            Tokens = new Tokens(
                turn.Usage.Input ?? Math.Max(1, request.Body.Length / 4),
                limit ?? output,
                turn.Usage.CacheRead ?? 0,
                turn.Usage.CacheWrite ?? 0,
                turn.Usage.CacheWriteHour ?? 0,
                turn.Usage.Reasoning ?? 0),
        };
    }

    public IEnumerable<string> Pieces(string text)
    {
        for (var at = 0; at < text.Length;)
        {
            var length = Math.Min(Chunk, text.Length - at);

            // A surrogate pair stays whole: half of one is not a character and would not survive UTF-8.
            length += at + length < text.Length && char.IsHighSurrogate(text[at + length - 1]) ? 1 : 0;
            yield return text.Substring(at, length);
            at += length;
        }
    }

    public JsonObject WithRawUsage(JsonObject usage)
    {
        foreach (var (key, value) in RawUsage ?? [])
        {
            usage[key] = value?.DeepClone();
        }

        return usage;
    }

    private static long Estimate(Turn turn) =>
        1 + (Encoding.UTF8.GetByteCount((turn.Text ?? "") + (turn.Thinking ?? "")) + turn.Calls.Sum(c => c.Tool.Length + Sent(c.Input).Length)) / 4;

    /// <summary>Tool arguments as they travel: plain characters, not escapes, as real models write them.</summary>
    public static string Sent(JsonNode? node) => node?.ToJsonString(Plain) ?? "{}";

    public static readonly JsonSerializerOptions Plain = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}

/// <param name="Input">Without what was read from or written to the cache.</param>
internal sealed record Tokens(long Input, long Output, long CacheRead, long CacheWrite, long CacheWriteHour, long Reasoning)
{
    public long AllInput => Input + CacheRead + CacheWrite + CacheWriteHour;
}
