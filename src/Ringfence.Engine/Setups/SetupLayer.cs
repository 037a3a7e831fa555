using System.Text.Json.Serialization;

namespace Ringfence.Setups;

/// <summary><c>layer.json</c>: what a layer was made from. Add, never rename.</summary>
/// <param name="Key">Its name.</param>
/// <param name="Repository">As the run that made it named it.</param>
/// <param name="MadeUs">Microseconds UTC.</param>
/// <param name="TookMicroseconds">How long the command ran: what every further run saves.</param>
/// <param name="LeftOut">Files that it made or changed and that git does not ignore.</param>
public sealed record SetupLayer(string Key, string Repository, string Command, long MadeUs, long TookMicroseconds, int LeftOut);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(SetupLayer))]
internal sealed partial class SetupJson : JsonSerializerContext;
