using System.Collections.Concurrent;

namespace Ringfence.Agent.Tools;

/// <summary>Commands that go on while the model does something else. None of them outlives the session.</summary>
internal sealed class BackgroundShells : IDisposable
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);
    private readonly ConcurrentDictionary<string, BackgroundShell> shells = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, TaskCompletionSource> awaited = new(StringComparer.Ordinal);
    private volatile bool disposed;
    private int last;

    /// <summary>Told of its name, the call that began it, and the command.</summary>
    public Action<string, string, string>? Started { get; set; }

    /// <summary>Told besides how it ended, and where its output is.</summary>
    public Action<string, string, string, string, string>? Ended { get; set; }

    public string Add(Shell shell, string command, string toolUseId)
    {
        var id = $"bash_{Interlocked.Increment(ref last)}";
        var added = shells[id] = new BackgroundShell(shell, command);
        Started?.Invoke(id, toolUseId, command);
        _ = WatchAsync(id, added, toolUseId);
        return id;
    }

    public BackgroundShell? Find(string id) => shells.GetValueOrDefault(id);

    /// <summary>Ends one, if it still runs.</summary>
    public async Task StopAsync(string id, TimeProvider time)
    {
        if (Find(id) is { Shell.HasExited: false } found)
        {
            found.WasStopped = true;
            await found.Shell.StopAsync(Grace, time);
        }
    }

    /// <summary>A call waits for its command: the task ends when somebody wants it to go on in the background.</summary>
    public Task Await(string toolUseId) => awaited.GetOrAdd(toolUseId, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    public void NoLongerAwait(string toolUseId) => awaited.TryRemove(toolUseId, out _);

    /// <returns>How many commands now go on in the background.</returns>
    public int MoveToBackground(string? toolUseId) => awaited.Where(a => toolUseId is null || a.Key == toolUseId).Count(a => a.Value.TrySetResult());

    public void Dispose()
    {
        disposed = true;

        foreach (var (shell, _) in shells.Values)
        {
            shell.Kill();
            shell.Dispose();
        }

        shells.Clear();
    }

    private async Task WatchAsync(string id, BackgroundShell added, string toolUseId)
    {
        await added.Shell.WaitAsync(CancellationToken.None);

        if (!disposed)
        {
            Ended?.Invoke(id, toolUseId, added.WasStopped ? "stopped" : added.Shell.ExitCode == 0 ? "completed" : "failed", added.Command, added.Shell.OutputFile);
        }
    }
}

internal sealed record BackgroundShell(Shell Shell, string Command)
{
    /// <summary>How much of its output has been shown, in bytes.</summary>
    public long Shown { get; set; }

    public bool WasStopped { get; set; }
}
