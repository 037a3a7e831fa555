using System.Text.Json.Serialization;

namespace Ringfence.Approvals;

/// <summary>
/// What a person is shown and what the digest is over. Everything that would make them decide otherwise belongs in it; what is not in it is not
/// agreed to. Renaming a field changes no old digest, since the bytes are kept, but breaks whoever reads them: add, never rename.
/// </summary>
public sealed record ApprovalSubject
{
    public required ApprovalKind Kind { get; init; }

    public required string Run { get; init; }

    public required string Repository { get; init; }

    /// <summary>Commit the run started from.</summary>
    public required string Base { get; init; }

    /// <summary>Plan: the agent's words. They are a claim.</summary>
    public string? Plan { get; init; }

    /// <summary>Network: the rules that a yes adds, for this run alone.</summary>
    public IReadOnlyList<string>? Hosts { get; init; }

    /// <summary>Budget, in nano-dollars: used, the limit until now, and what a yes adds.</summary>
    [JsonPropertyName("spent_nano")]
    public long? Spent { get; init; }

    [JsonPropertyName("limit_nano")]
    public long? Limit { get; init; }

    [JsonPropertyName("raise_nano")]
    public long? Raise { get; init; }

    /// <summary>Diff: git tree and digest of the change set, and where it goes.</summary>
    public string? Tree { get; init; }

    public string? ChangeDigest { get; init; }

    public string? Output { get; init; }

    public IReadOnlyList<string>? Files { get; init; }

    /// <summary>What the gates found, and what a waiver lets pass.</summary>
    public IReadOnlyList<string>? Findings { get; init; }

    /// <summary>The checks that passed on exactly this tree.</summary>
    public IReadOnlyList<string>? Checks { get; init; }
}
