using System.Collections.Concurrent;
using System.Threading.Channels;

namespace Ringfence.Agent.Iteration;

/// <summary>The sub-agents of a session that are at work, and what those in the background have found that the model has not been told yet.</summary>
internal sealed class RunningAgents : IAsyncDisposable
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);
    private readonly ConcurrentDictionary<string, CancellationTokenSource> stops = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Task> background = new(StringComparer.Ordinal);
    private readonly Channel<string> news = Channel.CreateUnbounded<string>();

    /// <summary>It runs until the token is cancelled; not tied to the turn, which it may outlive.</summary>
    public CancellationToken Begin(string id) => (stops[id] = new CancellationTokenSource()).Token;

    // Not disposed: somebody may be stopping it at this moment, and a source without a timer holds nothing.
    public void End(string id) => stops.TryRemove(id, out _);

    /// <summary>Stops one that runs; the model is told.</summary>
    public void Stop(string id)
    {
        if (stops.TryGetValue(id, out var source))
        {
            source.Cancel();
        }
    }

    /// <summary>Lets one go on in the background.</summary>
    /// <param name="ending">Ends with what the model shall be told of it.</param>
    public void LetGo(string id, Task<string> ending) => background[id] = HearAsync(id, ending);

    /// <summary>What has come in since this was last asked; null when nothing has.</summary>
    public string? TakeNews()
    {
        var told = new List<string>();

        while (news.Reader.TryRead(out var one))
        {
            told.Add(one);
        }

        return told.Count == 0 ? null : string.Join('\n', told);
    }

    /// <summary>Waits for news, while there is an agent in the background that could still have some. Null when there is none.</summary>
    public async Task<string?> NextAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            // Looked for in this order: one that ends in between has left its news before it is gone.
            var going = background.Values.ToArray();

            if (TakeNews() is { } told)
            {
                return told;
            }

            if (going.Length == 0)
            {
                return null;
            }

            await Task.WhenAny(going).WaitAsync(cancellationToken);
        }
    }

    /// <summary>Stops all of them, and gives them a moment to say what they had to say.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var id in stops.Keys)
        {
            Stop(id);
        }

        await Task.WhenAny(Task.WhenAll(background.Values), Task.Delay(Grace));
    }

    private async Task HearAsync(string id, Task<string> ending)
    {
        // Never inline: the entry must be there before it can be taken out.
        await Task.Yield();
        news.Writer.TryWrite(await ending);
        background.TryRemove(id, out _);
    }
}
