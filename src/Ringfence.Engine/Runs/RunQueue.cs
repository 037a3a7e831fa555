using System.Collections.Concurrent;
using System.Threading.Channels;
using Ringfence.Secrets;
using Ringfence.Workspaces;

namespace Ringfence.Runs;

/// <summary>
/// Executes queued runs, as many at once as there is room for. Several processes may share one database; each claims rows of its own. On the way
/// out it takes nothing new and lets what is going end.
/// </summary>
/// <param name="most">Runs at once in this process.</param>
/// <param name="perRepository">Runs at once of one repository, over all processes.</param>
public sealed class RunQueue(
    RunStore store, RunSupervisor supervisor, WorkspaceStore workspaces, Func<RunRequest, CancellationToken, Task<Result<RunPipeline>>> prepare, int most,
    int perRepository, TimeProvider time)
{
    /// <summary>How often the table is looked at when nobody rang: what another process enqueued waits so long at the most.</summary>
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(500);

    /// <summary>How often runs of dead processes are looked for.</summary>
    private static readonly TimeSpan RecoverEvery = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<RunId, Task> going = new();
    private readonly Channel<bool> bell = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    public int Going => going.Count;

    /// <summary>Says that something was enqueued.</summary>
    public void Ring() => bell.Writer.TryWrite(true);

    /// <summary>Works until <paramref name="draining"/>; then waits for what is going, until <paramref name="stopping"/> cancels that too.</summary>
    public async Task RunAsync(CancellationToken draining, CancellationToken stopping)
    {
        var recovered = long.MinValue;

        while (!draining.IsCancellationRequested)
        {
            if (recovered == long.MinValue || time.GetElapsedTime(recovered) > RecoverEvery)
            {
                await supervisor.RecoverAsync(workspaces, stopping);
                recovered = time.GetTimestamp();
            }

            while (going.Count < most && await store.ClaimNextAsync(perRepository, CancellationToken.None) is { } run)
            {
                going[run.Id] = ExecuteAsync(run, stopping);
            }

            await ListenAsync(draining);
        }

        await Task.WhenAll(going.Values);
    }

    private async Task ListenAsync(CancellationToken draining)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(draining);
        patience.CancelAfter(Poll);

        try
        {
            await bell.Reader.ReadAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            // Nobody rang in time, or draining began.
        }
    }

    private async Task ExecuteAsync(Run claimed, CancellationToken stopping)
    {
        // The claim loop must not run a pipeline's synchronous beginning.
        await Task.Yield();

        try
        {
            var pipeline = await prepare(claimed.Request, stopping);
            using var stages = pipeline.Succeeded(out var ready) ? ready : null;
            var run = await supervisor.OpenAsync(claimed, stages?.Redactor ?? SecretRedactor.None, stopping);

            await using (run.Recorder)
            {
                await supervisor.RunAsync(run, pipeline, stopping);
            }
        }
        finally
        {
            going.TryRemove(claimed.Id, out _);
            Ring();
        }
    }
}
