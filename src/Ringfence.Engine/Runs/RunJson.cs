using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Ringfence.Runs;

/// <summary>How requests are kept in the store and shown to scripts. Changing a name here breaks old rows: add, never rename.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(RunRequest))]
[JsonSerializable(typeof(RunCheckpoint))]
internal sealed partial class RunJson : JsonSerializerContext
{
    /// <summary>The form whose digest every run records.</summary>
    public static string Canonical(RunRequest request) => JsonSerializer.Serialize(request, Default.RunRequest);

    /// <summary>A stored request. What an older version did not know is what leaving it out means today.</summary>
    public static RunRequest Parse(string stored)
    {
        var request = JsonNode.Parse(stored)!.AsObject();
        AddMissing(request, JsonNode.Parse(LeftOut)!.AsObject());
        return request.Deserialize(Default.RunRequest)!;
    }

    private static string LeftOut => field ??= Canonical(new RunRequest { Prompt = "", Repository = "", RequestedBy = "" });

    // The generated reader gives every property a value, and so takes no notice of the one that stands beside its declaration.
    private static void AddMissing(JsonObject stored, JsonObject leftOut)
    {
        foreach (var (name, value) in leftOut)
        {
            if (!stored.TryGetPropertyValue(name, out var known))
            {
                stored.Add(name, value?.DeepClone());
            }
            else if (known is JsonObject inner && value is JsonObject innerLeftOut)
            {
                AddMissing(inner, innerLeftOut);
            }
        }
    }
}
