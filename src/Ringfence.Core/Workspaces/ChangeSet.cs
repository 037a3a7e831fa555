namespace Ringfence.Workspaces;

/// <summary>What the agent changed: a base commit, the tree after, and what differs. Read from the overlay, never asked of the agent's git.</summary>
/// <param name="Base">Commit the run started from.</param>
/// <param name="Tree">Git tree of the workspace after the agent, whole.</param>
/// <param name="Digest">SHA-256 over base and tree: what a review shows and an approval is bound to. Lower-case hex.</param>
public sealed record ChangeSet(string Base, string Tree, string Digest, IReadOnlyList<FileChange> Files)
{
    /// <summary>What is in the workspace but not in the tree, or was changed on the way there. Nothing is left out without a line here.</summary>
    public IReadOnlyList<PathNote> Notes { get; init; } = [];

    public bool IsEmpty => Files.Count == 0;

    public int LinesAdded => Files.Sum(f => Math.Max(0, f.LinesAdded));

    public int LinesRemoved => Files.Sum(f => Math.Max(0, f.LinesRemoved));
}

public enum FileOperation
{
    Added,
    Modified,
    Deleted,

    /// <summary>Same content, other mode: executable bit, or file to symbolic link.</summary>
    ModeChanged,
}

/// <param name="Path">Bytes as git has them, in Latin-1-safe form: see <see cref="GitPath"/>.</param>
/// <param name="LinesAdded">-1 for a binary file.</param>
public sealed record FileChange(
    GitPath Path, FileOperation Operation, string? BeforeOid, string? AfterOid, int Mode, int LinesAdded, int LinesRemoved)
{
    /// <summary>When the file system saw it change last, microseconds UTC; 0 where that cannot be told: what was deleted, and file systems whose clock is not the kernel's.</summary>
    public long ChangedAt { get; init; }
}
