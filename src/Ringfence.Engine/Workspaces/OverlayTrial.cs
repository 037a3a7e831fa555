using Ringfence.Audit;
using Ringfence.Sandboxes;

namespace Ringfence.Workspaces;

/// <summary>Whether overlays can be had on a file system: by building a sandbox on one, because names of file systems tell less than a kernel does.</summary>
public sealed class OverlayTrial(SandboxLauncher launcher, TimeProvider time)
{
    /// <summary>False where a run needs a copy of its base. Fails when no sandbox can be built at all.</summary>
    /// <param name="folder">The folder on that file system where sandboxes keep what goes with them.</param>
    public async Task<Result<bool>> TryAsync(string folder, CancellationToken cancellationToken)
    {
        using var place = ScratchFolder.Create(folder, $"{Environment.ProcessId}-overlay-{Guid.CreateVersion7(time.GetUtcNow()):N}");
        var mount = new WorkspaceMount(
            Directory.CreateDirectory(Path.Combine(place.Path, "lower")).FullName, Directory.CreateDirectory(Path.Combine(place.Path, "upper")).FullName);
        var spec = new SandboxSpec { Command = ["/bin/true"], Environment = new Dictionary<string, string>(), Workspace = mount };
        var started = await launcher.StartAsync(spec, "trial", new NoRecord(), cancellationToken);

        if (!started.Succeeded(out var sandbox))
        {
            return started.Failures[0].Code == SandboxLauncher.NoOverlay ? false : Result.Fail<bool>(started.Failures);
        }

        await sandbox.DisposeAsync();
        return true;
    }
}
