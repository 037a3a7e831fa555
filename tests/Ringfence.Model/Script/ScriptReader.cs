using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Ringfence.Model;

/// <summary>Reads scripts: YAML, of which JSON is a part. A key that does not exist is an error, since a requirement misspelt would be one never made.</summary>
public static class ScriptReader
{
    // By reflection: generated code would set every property that the file leaves out to null, past its default.
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        Converters = { new DurationConverter(), new TextsConverter(), new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    /// <exception cref="FormatException">With the place and the reason.</exception>
    public static ModelScript Parse(string text)
    {
        try
        {
            var yaml = new YamlStream();
            yaml.Load(new StringReader(text));
            var root = yaml.Documents.Count == 0 ? null : Convert(yaml.Documents[0].RootNode);
            var script = root.Deserialize<ModelScript>(Options) ?? throw new FormatException("The script is empty.");

            return Check(script);
        }
        catch (Exception wrong) when (wrong is YamlException or JsonException)
        {
            throw new FormatException($"The script cannot be read: {wrong.Message}", wrong);
        }
    }

    public static ModelScript Load(string path) => Parse(File.ReadAllText(path));

    internal static ModelScript Check(ModelScript script)
    {
        if (!script.Model.Contains("simulated", StringComparison.Ordinal))
        {
            throw new FormatException($"The model id '{script.Model}' must contain 'simulated': nobody may take it for a real model.");
        }

        if (script.AllConversations.Count == 0 || script.AllConversations.Any(c => c.Turns.Count == 0))
        {
            throw new FormatException("Every conversation needs at least one turn.");
        }

        return script;
    }

    private static JsonNode? Convert(YamlNode node) => node switch
    {
        YamlMappingNode map => new JsonObject(map.Children.Select(p => KeyValuePair.Create(((YamlScalarNode)p.Key).Value ?? "", Convert(p.Value)))),
        YamlSequenceNode list => new JsonArray([.. list.Children.Select(Convert)]),
        YamlScalarNode { Style: ScalarStyle.Plain } plain => Scalar(plain.Value ?? ""),
        YamlScalarNode quoted => JsonValue.Create(quoted.Value),
        _ => throw new FormatException($"A {node.NodeType} has no place in a script (line {node.Start.Line})."),
    };

    private static JsonValue? Scalar(string text) => text switch
    {
        "" or "~" or "null" => null,
        "true" => JsonValue.Create(true),
        "false" => JsonValue.Create(false),
        _ when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) => JsonValue.Create(whole),
        _ when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var real) => JsonValue.Create(real),
        _ => JsonValue.Create(text),
    };
}

/// <summary><c>200ms</c>, <c>1.5s</c> or <c>2m</c>.</summary>
internal sealed class DurationConverter : JsonConverter<TimeSpan>
{
    public override TimeSpan Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var text = reader.TokenType == JsonTokenType.String ? reader.GetString()! : "";
        var (digits, unit) = text switch
        {
            _ when text.EndsWith("ms", StringComparison.Ordinal) => (text[..^2], 1.0),
            _ when text.EndsWith('s') => (text[..^1], 1000.0),
            _ when text.EndsWith('m') => (text[..^1], 60_000.0),
            _ => ("", 0),
        };

        return double.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            ? TimeSpan.FromMilliseconds(number * unit)
            : throw new JsonException($"'{text}' is no duration; write 200ms, 1.5s or 2m");
    }

    public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options) => writer.WriteStringValue($"{value.TotalMilliseconds}ms");
}

internal sealed class TextsConverter : JsonConverter<Texts>
{
    public override Texts Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            return new Texts([Text(ref reader)]);
        }

        List<string> items = [];

        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            items.Add(Text(ref reader));
        }

        return new Texts(items);
    }

    private static string Text(ref Utf8JsonReader reader) => reader.TokenType == JsonTokenType.String
        ? reader.GetString()!
        : throw new JsonException("expected a text; put quotes around numbers and true/false");

    public override void Write(Utf8JsonWriter writer, Texts value, JsonSerializerOptions options) => throw new NotSupportedException();
}
