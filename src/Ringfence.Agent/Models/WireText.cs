using System.Text.Json.Nodes;

namespace Ringfence.Agent.Models;

/// <summary>What blocks say to wires that know only text and pictures.</summary>
internal static class WireText
{
    public static string OfResult(JsonObject block)
    {
        var text = block["content"] is JsonArray parts ? string.Join('\n', parts.Select(p => p.Text("text") ?? $"[{p.Text("type")}]")) : block["content"]?.ToString() ?? "";
        return block.Flag("is_error") is true ? "Error: " + text : text;
    }

    /// <summary>The sources of the pictures in a block or in the result it is.</summary>
    public static IEnumerable<JsonObject> Images(JsonObject block)
    {
        var blocks = block.Text("type") == "image" ? [block] : block["content"] is JsonArray inner ? inner.OfType<JsonObject>().Where(b => b.Text("type") == "image") : [];
        return blocks.Select(b => b.Object("source")).OfType<JsonObject>().Where(s => s.Text("type") == "base64");
    }
}
