using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ringfence.Agent;

/// <summary>How this program reads and writes JSON: nodes and writers only, no reflection, because start-up time is a feature.</summary>
internal static class Json
{
    // Only the characters that JSON itself demands are escaped: transcripts are read by people too.
    public static readonly JsonWriterOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    private static readonly JsonDocumentOptions Tolerant = new() { MaxDepth = 256 };

    /// <summary>The object that <paramref name="text"/> holds, or null when it is not valid JSON or not an object.</summary>
    public static JsonObject? TryParseObject(string text)
    {
        try
        {
            return JsonNode.Parse(text, documentOptions: Tolerant) as JsonObject;
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            return null;
        }
    }

    public static JsonObject ParseObject(string trusted) => JsonNode.Parse(trusted)!.AsObject();

    public static string? Text(this JsonNode? node, string name) =>
        node is JsonObject o && o[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    public static long? Integer(this JsonNode? node, string name) =>
        node is JsonObject o && o[name] is JsonValue value && value.GetValueKind() == JsonValueKind.Number
            ? value.TryGetValue<long>(out var whole) ? whole : value.TryGetValue<int>(out var small) ? small : value.TryGetValue<double>(out var real) ? (long)real : null
            : null;

    public static bool? Flag(this JsonNode? node, string name) =>
        node is JsonObject o && o[name] is JsonValue value && value.TryGetValue<bool>(out var flag) ? flag : null;

    public static JsonObject? Object(this JsonNode? node, string name) => node is JsonObject o ? o[name] as JsonObject : null;

    public static JsonArray? Array(this JsonNode? node, string name) => node is JsonObject o ? o[name] as JsonArray : null;

    public static JsonObject TextBlock(string text) => new() { ["type"] = "text", ["text"] = text };

    public static JsonArray Strings(IEnumerable<string> values)
    {
        var array = new JsonArray();

        foreach (var value in values)
        {
            array.Add((JsonNode)value);
        }

        return array;
    }

    public static string ToText(this JsonNode node)
    {
        using var stream = new MemoryStream();

        using (var writer = new Utf8JsonWriter(stream, Compact))
        {
            node.WriteTo(writer);
        }

        return System.Text.Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);
    }
}
