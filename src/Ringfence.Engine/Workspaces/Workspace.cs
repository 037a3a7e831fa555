using Ringfence.Runs;
using Ringfence.Sandboxes;

namespace Ringfence.Workspaces;

/// <summary>
/// One run's checkout: a read-only base shared between runs, this run's changes above it on disk, and a git directory that no sandbox sees.
/// Nothing in it is ever executed, and nothing that an agent wrote is read as configuration.
/// </summary>
public sealed class Workspace
{
    public required RunId Run { get; init; }

    /// <summary>Path or URL as the user gave it, without a password.</summary>
    public required string Repository { get; init; }

    /// <summary>The git directory of the user's repository on this machine; null for a URL.</summary>
    public required string? LocalPath { get; init; }

    public required string BaseCommit { get; init; }

    public required string BaseTree { get; init; }

    /// <summary>What a person should know before the run starts: uncommitted changes, submodules, LFS pointers.</summary>
    public required IReadOnlyList<string> Notices { get; init; }

    /// <summary>The overlay for the agent's sandbox: base below, this run's changes above, on disk.</summary>
    public required WorkspaceMount Mount { get; init; }

    /// <summary>What the sandbox must show besides, so that git works inside: the objects of the base's history, read-only.</summary>
    public required IReadOnlyList<Mount> Mounts { get; init; }

    /// <summary>
    /// What the agent changed, as a git tree in a git directory of ours. Works while no process of the run is alive, also after a crash.
    /// Build outputs and other ignored files are left out and counted in <see cref="ChangeSet.Notes"/>.
    /// </summary>
    public Task<Result<ChangeSet>> CollectAsync(CancellationToken cancellationToken) => throw new NotSupportedException("Not landed yet.");

    /// <summary>An overlay for a fresh sandbox that shows exactly the tree of <paramref name="changes"/>, and no other byte of this run.</summary>
    public Task<Result<WorkspaceMount>> CheckOutAsync(ChangeSet changes, CancellationToken cancellationToken) =>
        throw new NotSupportedException("Not landed yet.");

    /// <summary>The change set as text.</summary>
    public Task<Result<bool>> WriteDiffAsync(ChangeSet changes, Stream target, DiffFormat format, CancellationToken cancellationToken) =>
        throw new NotSupportedException("Not landed yet.");
}

public enum DiffFormat
{
    /// <summary>Bytes exactly, with binary files, full names and modes: what <c>git apply</c> takes.</summary>
    Patch,

    /// <summary>For eyes: what is not printable is escaped, so that a diff cannot draw on the terminal.</summary>
    Text,

    /// <summary>As <see cref="Text"/>, in colour.</summary>
    Color,

    /// <summary>One line per file with its counts.</summary>
    Summary,
}
