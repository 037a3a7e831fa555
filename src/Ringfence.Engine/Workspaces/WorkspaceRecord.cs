using System.Text.Json.Serialization;
using Ringfence.Workflows;

namespace Ringfence.Workspaces;

/// <summary><c>workspace.json</c>: what is needed to open a workspace again after a crash. Add, never rename.</summary>
internal sealed record WorkspaceRecord
{
    public required string Run { get; init; }
    public required string Repository { get; init; }
    public required string Key { get; init; }
    public string? LocalPath { get; init; }
    public string? TopLevel { get; init; }
    public required string ObjectFormat { get; init; }
    public required string BaseCommit { get; init; }
    public required string BaseTree { get; init; }
    public string? Author { get; init; }
    public required IReadOnlyList<string> Notices { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(WorkspaceRecord))]
[JsonSerializable(typeof(BaseFacts))]
[JsonSerializable(typeof(ContextView))]
internal sealed partial class WorkspaceJson : JsonSerializerContext;
