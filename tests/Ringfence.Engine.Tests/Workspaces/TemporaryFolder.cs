namespace Ringfence.Tests.Workspaces;

/// <summary>A folder that is gone after the test.</summary>
/// <param name="onDisk">For what goes into a sandbox, which never shows anything below /dev.</param>
public sealed class TemporaryFolder(bool onDisk = false) : IDisposable
{
    // In memory where that is to be had: what is tested is never the disk.
    private static readonly string Parent = Directory.Exists("/dev/shm") ? "/dev/shm" : System.IO.Path.GetTempPath();

    public string Path { get; } = Directory.CreateDirectory(System.IO.Path.Combine(onDisk ? System.IO.Path.GetTempPath() : Parent, $"ringfence-test-{Guid.NewGuid():n}")).FullName;

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public void Dispose() => Shell.Run(Path, "chmod -R u+rwX . 2>/dev/null; cd / && rm -rf -- \"$0\"", Path);
}
