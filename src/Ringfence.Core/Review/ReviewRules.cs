namespace Ringfence.Review;

/// <summary>What the workflow asks of a change set, beside the gates that always hold.</summary>
public sealed record ReviewRules
{
    /// <summary>Globs of what may change; empty allows every path.</summary>
    public IReadOnlyList<string> Write { get; init; } = [];

    /// <summary>Globs of what may never change.</summary>
    public IReadOnlyList<string> Never { get; init; } = [];

    /// <summary>Globs of what the agent was shown; empty is every path. What it was not shown it cannot have meant to change.</summary>
    public IReadOnlyList<string> Shown { get; init; } = [];

    public int? MaxFiles { get; init; }

    /// <summary>Lines added and removed together.</summary>
    public int? MaxLines { get; init; }

    /// <summary>How a new dependency is taken.</summary>
    public FindingSeverity Dependencies { get; init; } = FindingSeverity.Note;

    /// <summary>How deleted, skipped and weakened tests are taken.</summary>
    public FindingSeverity Tests { get; init; } = FindingSeverity.Note;
}
