using Ringfence.Workspaces;

namespace Ringfence.Outputs;

/// <summary>Publishes a change set as a file that <c>git am</c> and <c>git apply</c> take.</summary>
public static class PatchOutput
{
    /// <param name="path">The file to make. An existing one is replaced.</param>
    public static Task<Result<Published>> PublishAsync(
        Workspace workspace, ChangeSet changes, CommitMessage message, string path, CancellationToken cancellationToken) =>
        throw new NotSupportedException("Not landed yet.");
}
