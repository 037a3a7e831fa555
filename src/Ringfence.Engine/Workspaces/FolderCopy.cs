using Ringfence.Processes;

namespace Ringfence.Workspaces;

/// <summary>
/// Copies a tree with rights, times, links and attributes, an overlay's marks among them. Follows no link, leaves other mounts out, and shares blocks where
/// the file system can.
/// </summary>
public static class FolderCopy
{
    /// <summary>Puts what <paramref name="from"/> holds into <paramref name="to"/>, over what is there. Null when everything was copied.</summary>
    /// <param name="from">A folder. Nobody may change it meanwhile.</param>
    /// <param name="to">A folder, or one to be made in a folder that exists.</param>
    public static async Task<Failure?> MakeAsync(string from, string to, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(to);
        var started = ChildProcess.Start(new ChildCommand(
            "/bin/cp", ["--archive", "--one-file-system", "--reflink=auto", "--", from + "/.", to + "/"], new Dictionary<string, string> { ["LC_ALL"] = "C" }));

        if (!started.Succeeded(out var copying, out var why))
        {
            return why[0];
        }

        await using (copying)
        {
            var end = await copying.WaitAsync(cancellationToken);
            return end.Code == 0 ? null : GitFailures.From("workspace_not_copied", $"Copying {Printable.Escape(from)}", end.Error);
        }
    }
}
