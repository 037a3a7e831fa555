using System.Text.Json;
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

    /// <summary>Whether the run works in a copy of the base, because its file system can hold no overlay's changes.</summary>
    public bool Copy { get; init; }

    /// <summary>The layer that was copied into it.</summary>
    public string? Layer { get; init; }

    /// <summary>Complete or not there: it is renamed into place.</summary>
    public void Write(string folder)
    {
        var file = Path.Combine(folder, "workspace.json");
        File.WriteAllBytes(file + ".new", JsonSerializer.SerializeToUtf8Bytes(this, WorkspaceJson.Default.WorkspaceRecord));
        File.Move(file + ".new", file, overwrite: true);
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(WorkspaceRecord))]
[JsonSerializable(typeof(BaseFacts))]
[JsonSerializable(typeof(ContextView))]
internal sealed partial class WorkspaceJson : JsonSerializerContext;
