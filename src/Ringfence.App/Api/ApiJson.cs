using System.Text.Json.Serialization;

namespace Ringfence.App.Api;

/// <summary>The public API's JSON: camelCase, as its clients know it. Add, never rename. A field that nobody knows is an error, not a shrug.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(CreateRunBody))]
[JsonSerializable(typeof(CreatedRun))]
[JsonSerializable(typeof(RunResource))]
[JsonSerializable(typeof(RunList))]
[JsonSerializable(typeof(LogList))]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(CreateKeyBody))]
[JsonSerializable(typeof(KeyResource))]
[JsonSerializable(typeof(IReadOnlyList<KeyResource>))]
internal sealed partial class ApiJson : JsonSerializerContext;
