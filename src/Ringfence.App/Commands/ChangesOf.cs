using Ringfence.App.Cli;
using Ringfence.Runs;
using Ringfence.Workspaces;

namespace Ringfence.App.Commands;

/// <summary>The workspace and change set of an earlier run, for the commands that show or apply them.</summary>
internal static class ChangesOf
{
    public static async Task<Result<(Workspace Workspace, ChangeSet Changes)>> RunAsync(Home home, Run run, CancellationToken cancellationToken)
    {
        if (!(await home.Workspaces.OpenAsync(run.Id, cancellationToken)).Succeeded(out var workspace, out var why))
        {
            return Result.Fail<(Workspace, ChangeSet)>(why);
        }

        return (await workspace.CollectAsync(cancellationToken)).Succeeded(out var changes, out why)
            ? (workspace, changes)
            : Result.Fail<(Workspace, ChangeSet)>(why);
    }
}
