using System.Text.Json;
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
}
