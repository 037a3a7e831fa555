using Microsoft.Win32.SafeHandles;

namespace Ringfence.Sandboxes;

/// <summary>A sandbox's folder on the host while it lives: its control socket, and a lock that tells the sweep that the owner lives.</summary>
internal sealed class ScratchFolder : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const string LockName = "lock";

    private readonly SafeFileHandle ownership;

    private ScratchFolder(string path, SafeFileHandle ownership) => (Path, this.ownership) = (path, ownership);

    public string Path { get; }

    public static ScratchFolder Create(string parent, string name)
    {
        var path = System.IO.Path.Combine(parent, name);
        Directory.CreateDirectory(path, OwnerOnly);
        return new ScratchFolder(path, TakeLock(path)!);
    }

    /// <summary>Removes the folders whose owner was killed; returns how many.</summary>
    public static int Sweep(string parent)
    {
        var removed = 0;

        foreach (var path in Directory.Exists(parent) ? Directory.GetDirectories(parent) : [])
        {
            // No lock file: not ours, or its owner is just making it.
            if (File.Exists(System.IO.Path.Combine(path, LockName)) && TakeLock(path) is { } ownership)
            {
                new ScratchFolder(path, ownership).Dispose();
                removed++;
            }
        }

        return removed;
    }

    public void Dispose()
    {
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
        }
        catch (IOException)
        {
            // The sweep at the next start takes it.
        }

        ownership.Dispose();
    }

    // The kernel lets go of it when its owner dies, however that comes about.
    private static SafeFileHandle? TakeLock(string path)
    {
        try
        {
            return File.OpenHandle(System.IO.Path.Combine(path, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            return null;
        }
    }
}
