using System.Text.Json.Nodes;

namespace Ringfence.AgentSdk;

/// <summary>An agent that the agent can have a part of the work done by.</summary>
/// <param name="Description">What it is good for; the model chooses by it.</param>
/// <param name="Prompt">What it is told.</param>
/// <param name="Tools">Names of its tools; null for all.</param>
/// <param name="Model">Null for the session's own.</param>
public sealed record SubAgent(string Description, string Prompt, IReadOnlyList<string>? Tools = null, string? Model = null)
{
    internal JsonObject ToJson()
    {
        var json = new JsonObject { ["description"] = Description, ["prompt"] = Prompt };

        if (Tools is not null)
        {
            json["tools"] = new JsonArray([.. Tools.Select(t => (JsonNode)t)]);
        }

        if (Model is not null)
        {
            json["model"] = Model;
        }

        return json;
    }
}
