using Ringfence.Runs;

namespace Ringfence.Workspaces;

/// <summary>Makes workspaces from repositories, and finds them again after a crash.</summary>
/// <param name="home"><c>$RINGFENCE_HOME</c>. Made when missing.</param>
public sealed class WorkspaceStore(string home, TimeProvider time)
{
    /// <summary>
    /// Resolves the commit, takes its history into a git directory of ours, and checks it out once for all runs that start from it.
    /// The user's repository is only read. Every failure found is returned, not only the first.
    /// </summary>
    /// <param name="repository">A path on this machine or a URL that git can fetch from.</param>
    /// <param name="ref">Branch, tag or commit. Null is what is checked out there.</param>
    public Task<Result<Workspace>> PrepareAsync(
        RunId run, string repository, string? @ref, IProgress<string>? progress, CancellationToken cancellationToken) =>
        throw new NotSupportedException($"Not landed yet: {home} {time}.");

    /// <summary>The workspace of an earlier run, from what is on disk.</summary>
    public Task<Result<Workspace>> OpenAsync(RunId run, CancellationToken cancellationToken) =>
        throw new NotSupportedException("Not landed yet.");
}
