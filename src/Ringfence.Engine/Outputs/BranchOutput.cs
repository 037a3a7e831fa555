using Ringfence.Workspaces;

namespace Ringfence.Outputs;

/// <summary>Publishes a change set as branch <c>ringfence/RUN</c> in the user's repository: objects and one ref, nothing else of it is touched.</summary>
public static class BranchOutput
{
    public static Task<Result<Published>> PublishAsync(
        Workspace workspace, ChangeSet changes, CommitMessage message, CancellationToken cancellationToken) =>
        throw new NotSupportedException("Not landed yet.");
}
