namespace Ringfence.Workspaces;

/// <summary>What the file system of <c>$RINGFENCE_HOME</c> can hold, found out before anything of a run is prepared.</summary>
internal sealed class WorkspaceHome(string home, OverlayTrial? overlays, TimeProvider time)
{
    private bool? canOverlay;

    /// <summary>Whether runs work in copies because no overlay can be had here. Fails when this is no place for workspaces at all.</summary>
    public async Task<Result<bool>> NeedsCopiesAsync(CancellationToken cancellationToken)
    {
        if (TryMake() is { } unsuitable)
        {
            return unsuitable;
        }

        if (canOverlay is null && overlays is not null)
        {
            if (!(await overlays.TryAsync(Path.Combine(home, "scratch"), cancellationToken)).Succeeded(out var tried, out var why))
            {
                return Result.Fail<bool>(why);
            }

            canOverlay = tried;
        }

        return canOverlay is false;
    }

    private string Workspaces => Path.Combine(home, "workspaces");

    private Failure? TryMake()
    {
        try
        {
            Directory.CreateDirectory(Workspaces);
            return TryFile(Path.Combine(Workspaces, $".writable-{Environment.ProcessId}-{Guid.CreateVersion7(time.GetUtcNow()):N}"));
        }
        catch (Exception error) when (GitFailures.IsFileError(error))
        {
            var failure = GitFailures.FromFileError($"The folder {Printable.Escape(home)}", error);
            return failure.Code == "disk_full" ? failure : failure with { Code = "unwritable_home", Hint = "Set RINGFENCE_HOME to a folder that can be written." };
        }
    }

    // A repository has executables and symbolic links; without them its files would differ before an agent has touched one.
    private Failure? TryFile(string file)
    {
        const UnixFileMode rights = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        var link = file + ".link";

        try
        {
            File.WriteAllBytes(file, []);
            File.SetUnixFileMode(file, rights);
            var keeps = File.GetUnixFileMode(file) == rights;
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            keeps &= File.GetUnixFileMode(file) == (UnixFileMode.UserRead | UnixFileMode.UserWrite);

            try
            {
                File.CreateSymbolicLink(link, "target");
            }
            catch (IOException)
            {
                keeps = false;
            }

            return keeps ? null : new Failure(
                "unsuitable_home", $"The folder {Printable.Escape(home)} is on a file system ({new DriveInfo(home).DriveFormat}) that keeps no file rights or symbolic links.",
                "Set RINGFENCE_HOME to a folder on ext4, xfs, btrfs or tmpfs.");
        }
        finally
        {
            File.Delete(link);
            File.Delete(file);
        }
    }
}
