using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ringfence.Agent.Context;

/// <summary>One message of the conversation. Written once and kept as bytes: a long conversation is sent again at every turn.</summary>
internal sealed class Message(string role, JsonArray content)
{
    private byte[]? written;

    public string Role => role;

    public JsonArray Content => content;

    public static Message User(string text) => new("user", [Json.TextBlock(text)]);

    /// <summary>Its size on the wire, in bytes.</summary>
    public int Length => Bytes.Length;

    private byte[] Bytes => written ??= Write();

    /// <param name="withBreakpoint">Marks the end of what a provider shall cache.</param>
    public void WriteTo(Utf8JsonWriter writer, bool withBreakpoint = false)
    {
        if (!withBreakpoint || content.Count == 0 || content[^1] is not JsonObject last || last.Text("type") is "thinking" or "redacted_thinking")
        {
            writer.WriteRawValue(Bytes, skipInputValidation: true);
            return;
        }

        writer.WriteStartObject();
        writer.WriteString("role", role);
        writer.WriteStartArray("content");

        for (var i = 0; i < content.Count - 1; i++)
        {
            content[i]!.WriteTo(writer);
        }

        writer.WriteStartObject();

        foreach (var (name, value) in last)
        {
            writer.WritePropertyName(name);

            if (value is null)
            {
                writer.WriteNullValue();
            }
            else
            {
                value.WriteTo(writer);
            }
        }

        writer.WriteStartObject("cache_control");
        writer.WriteString("type", "ephemeral");
        writer.WriteEndObject();
        writer.WriteEndObject();
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private byte[] Write()
    {
        using var stream = new MemoryStream();

        using (var writer = new Utf8JsonWriter(stream, Json.Compact))
        {
            writer.WriteStartObject();
            writer.WriteString("role", role);
            writer.WritePropertyName("content");
            content.WriteTo(writer);
            writer.WriteEndObject();
        }

        return stream.ToArray();
    }
}
