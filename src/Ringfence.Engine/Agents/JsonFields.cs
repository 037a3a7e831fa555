using System.Text.Json;

namespace Ringfence.Agents;

/// <summary>Reads fields that may be absent or of any kind: agents change their formats weekly.</summary>
internal static class JsonFields
{
    public static JsonElement? Field(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    public static string? Text(this JsonElement element, string name) =>
        element.Field(name) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;

    public static int? Number(this JsonElement element, string name) =>
        element.Field(name) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt32(out var number) ? number : null;

    public static long Long(this JsonElement element, string name) =>
        element.Field(name) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt64(out var number) ? number : 0;

    public static bool IsTrue(this JsonElement element, string name) => element.Field(name) is { ValueKind: JsonValueKind.True };

    /// <summary>A text as it is, anything else as JSON, nothing as an empty text.</summary>
    public static string Shown(this JsonElement? element) => element switch
    {
        null => "",
        { ValueKind: JsonValueKind.String } text => text.GetString()!,
        { } other => other.GetRawText(),
    };

    /// <summary>
    /// What an error says. Providers' errors reach us as JSON inside a text, sometimes twice: the innermost sentence is the one for people.
    /// </summary>
    public static string ErrorText(this JsonElement error)
    {
        var text = error.ValueKind == JsonValueKind.String ? error.GetString()! : error.Text("message") ?? error.Field("data")?.Text("message") ?? error.GetRawText();
        var brace = text.IndexOf('{', StringComparison.Ordinal);

        if (brace < 0)
        {
            return text;
        }

        try
        {
            using var inner = JsonDocument.Parse(text.AsMemory(brace, text.LastIndexOf('}') + 1 - brace));
            return inner.RootElement.Field("error")?.Text("message") ?? inner.RootElement.Text("message") ?? text;
        }
        catch (Exception other) when (other is JsonException or ArgumentException)
        {
            return text;
        }
    }
}
