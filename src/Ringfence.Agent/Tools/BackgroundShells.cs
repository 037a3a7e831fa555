using System.Collections.Concurrent;

namespace Ringfence.Agent.Tools;

/// <summary>Commands that go on while the model does something else. None of them outlives the session.</summary>
internal sealed class BackgroundShells : IDisposable
{
    private readonly ConcurrentDictionary<string, (Shell Shell, string Command, StrongBox Read)> shells = new(StringComparer.Ordinal);
    private int last;

    internal sealed class StrongBox
    {
        public long Offset { get; set; }
    }

    public string Add(Shell shell, string command)
    {
        var id = $"bash_{Interlocked.Increment(ref last)}";
        shells[id] = (shell, command, new StrongBox());
        return id;
    }

    public (Shell Shell, string Command, StrongBox Read)? Find(string id) => shells.TryGetValue(id, out var found) ? found : null;

    public void Dispose()
    {
        foreach (var (shell, _, _) in shells.Values)
        {
            shell.Kill();
            shell.Dispose();
        }

        shells.Clear();
    }
}
