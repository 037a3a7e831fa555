using Ringfence.Workspaces;

namespace Ringfence.Outputs;

/// <summary>The user's own working tree: <c>ringfence apply RUN</c>.</summary>
public static class WorkingTree
{
    /// <summary>
    /// Applies the change set to the files below <paramref name="folder"/>, which must be inside the working tree of a repository. All or nothing:
    /// refuses when a file it would write has uncommitted changes or differs from the base, never writes outside or through a symbolic link.
    /// Returns the number of files changed.
    /// </summary>
    public static Task<Result<int>> ApplyAsync(Workspace workspace, ChangeSet changes, string folder, CancellationToken cancellationToken) =>
        throw new NotSupportedException("Not landed yet.");
}
