using System.Text.Json;

namespace Ringfence.Outputs;

/// <summary>Outputs as flags, files and the API write them: <c>pull_request</c>, <c>branch</c>, <c>patch</c>, <c>none</c>.</summary>
public static class OutputName
{
    public static IReadOnlyList<string> All { get; } = [.. Enum.GetValues<OutputKind>().Select(Of)];

    public static string Of(OutputKind kind) => JsonNamingPolicy.SnakeCaseLower.ConvertName(kind.ToString());

    /// <summary>Null for what is none.</summary>
    public static OutputKind? Read(string? name) => Enum.GetValues<OutputKind>().Cast<OutputKind?>().FirstOrDefault(kind => Of(kind!.Value) == name);
}
