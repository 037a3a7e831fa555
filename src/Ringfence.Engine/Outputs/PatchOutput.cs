using Ringfence.Workspaces;

namespace Ringfence.Outputs;

/// <summary>Publishes a change set as a file that <c>git am</c> and <c>git apply</c> take.</summary>
public static class PatchOutput
{
    /// <param name="path">The file to make. An existing one is replaced, whole or not at all.</param>
    public static async Task<Result<Published>> PublishAsync(
        Workspace workspace, ChangeSet changes, CommitMessage message, string path, CancellationToken cancellationToken)
    {
        var committed = ChangeCommit.Make(workspace, changes, message);

        if (!committed.Succeeded(out var commit))
        {
            return committed.Failures[0];
        }

        var target = Path.GetFullPath(path);
        var making = target + ".new";
        var started = Git.Own(workspace.GitDirectory).Start(
            ["format-patch", "--stdout", "-1", "--binary", "--full-index", "--no-ext-diff", "--no-textconv", "--no-renames", "--no-signature", commit]);

        if (!started.Succeeded(out var git))
        {
            return started.Failures[0];
        }

        await using (git)
        {
            try
            {
                await using (var file = new FileStream(making, FileMode.Create, FileAccess.Write))
                {
                    await git.Output.CopyToAsync(file, cancellationToken);
                }

                var end = await git.WaitAsync(cancellationToken);

                if (end.Code != 0)
                {
                    return GitFailures.From("publish_failed", "Writing the patch", end.Error);
                }

                File.Move(making, target, overwrite: true);
                return new Published(OutputKind.Patch, target, commit, changes.Tree);
            }
            catch (Exception error) when (GitFailures.IsFileError(error))
            {
                return GitFailures.FromFileError($"Writing {Printable.Escape(target)}", error);
            }
            finally
            {
                // Also when the run was cancelled in the middle: half a patch is none.
                if (File.Exists(making))
                {
                    File.Delete(making);
                }
            }
        }
    }
}
