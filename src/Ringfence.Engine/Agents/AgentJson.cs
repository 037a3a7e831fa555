using System.Text.Json.Serialization;

namespace Ringfence.Agents;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(InstallationRecord))]
internal sealed partial class AgentJson : JsonSerializerContext;
