namespace Ringfence.Tests.Workspaces;

/// <summary>A folder that is gone after the test.</summary>
public sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("ringfence-test-").FullName;

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public void Dispose() => Shell.Run(Path, "chmod -R u+rwX . 2>/dev/null; cd / && rm -rf -- \"$0\"", Path);
}
