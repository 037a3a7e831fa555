using System.Text.Json.Nodes;

namespace Ringfence.Agent.Tools;

/// <summary>Schemas of tool inputs in one line each.</summary>
internal static class ToolInput
{
    /// <param name="properties">Name, type (or <c>type!</c> when it must be given) and what it means.</param>
    public static JsonObject Schema(params (string Name, string Type, string Meaning)[] properties)
    {
        var required = new JsonArray();
        var all = new JsonObject();

        foreach (var (name, type, meaning) in properties)
        {
            var schema = new JsonObject { ["type"] = type.TrimEnd('!'), ["description"] = meaning };
            all[name] = schema;

            if (type.EndsWith('!'))
            {
                required.Add((JsonNode)name);
            }
        }

        return new JsonObject { ["type"] = "object", ["properties"] = all, ["required"] = required, ["additionalProperties"] = false };
    }
}
