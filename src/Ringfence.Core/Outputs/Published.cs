namespace Ringfence.Outputs;

/// <summary>What left the store, and where it is now.</summary>
/// <param name="Place">A branch name or the absolute path of a patch file.</param>
/// <param name="Commit">The commit; null for a form that has none.</param>
/// <param name="Tree">The tree that was published: always the one that was verified.</param>
public sealed record Published(OutputKind Kind, string Place, string? Commit, string Tree);
