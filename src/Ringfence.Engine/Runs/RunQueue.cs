using System.Collections.Concurrent;
using System.Data.Common;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Ringfence.Approvals;
using Ringfence.Audit;
using Ringfence.Secrets;

namespace Ringfence.Runs;

/// <summary>
/// Executes queued runs, as many at once as there is room for. Several processes may share one database; each claims rows of its own. On the way
/// out it takes nothing new and lets what is going end.
/// </summary>
/// <param name="most">Runs at once in this process.</param>
/// <param name="perRepository">Runs at once of one repository, over all processes.</param>
public sealed partial class RunQueue(
    RunStore store, ApprovalDesk approvals, RunSupervisor supervisor, RunRecovery recovery, Func<RunRequest, CancellationToken, Task<Result<RunPipeline>>> prepare, int most,
    int perRepository, TimeProvider time, ILogger<RunQueue> logger)
{
    /// <summary>How often the table is looked at when nobody rang: what another process enqueued waits so long at the most.</summary>
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(500);

    /// <summary>How often runs of dead processes are looked for.</summary>
    private static readonly TimeSpan RecoverEvery = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan LongestBackOff = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<RunId, Task> going = new();
    private readonly Channel<bool> bell = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private int troubles;

    public int Going => going.Count;

    public int Most => most;

    /// <summary>True while the store answers: a process that cannot read its queue is alive and not ready.</summary>
    public bool IsReady => Volatile.Read(ref troubles) == 0;

    /// <summary>Says that something was enqueued.</summary>
    public void Ring() => bell.Writer.TryWrite(true);

    /// <summary>
    /// Works until <paramref name="draining"/>; then waits for what is going. <paramref name="stopping"/> puts what is still going back into the queue.
    /// </summary>
    public async Task RunAsync(CancellationToken draining, CancellationToken stopping)
    {
        var recovered = long.MinValue;
        var words = true;

        while (!draining.IsCancellationRequested)
        {
            try
            {
                if (recovered == long.MinValue || time.GetElapsedTime(recovered) > RecoverEvery)
                {
                    foreach (var run in await recovery.RecoverAsync(CancellationToken.None))
                    {
                        RunInterrupted(run.Id.Value, run.Status);
                    }

                    recovered = time.GetTimestamp();
                }

                await approvals.SweepAsync(CancellationToken.None);

                while (!draining.IsCancellationRequested && going.Count < most && await store.ClaimNextAsync(perRepository, CancellationToken.None) is { } run)
                {
                    RunClaimed(run.Id.Value, run.Starts);
                    going[run.Id] = ExecuteAsync(run, stopping);
                }

                // A part of what an earlier version left to be done, at each turn.
                if (words)
                {
                    words = await store.AddWordsAsync(draining);
                    Ring();
                }

                Volatile.Write(ref troubles, 0);
            }
            catch (OperationCanceledException) when (draining.IsCancellationRequested)
            {
                // The next start goes on with it.
            }
            catch (Exception exception) when (exception is DbException or RecordUnavailableException or RunTakenException or IOException)
            {
                // A store that restarts is no reason to end: the runs that are going have their own patience.
                StoreUnavailable(exception.Message, Interlocked.Increment(ref troubles));
                await Task.Delay(TimeSpan.FromMilliseconds(Math.Min(LongestBackOff.TotalMilliseconds, 100 * Math.Pow(2, Math.Min(troubles, 10)))), time, draining)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            await ListenAsync(draining);
        }

        Draining(going.Count);
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
            claimed = await approvals.ApplyAsync(claimed, stopping);
            var pipeline = await prepare(claimed.Request, stopping);
            using var stages = pipeline.Succeeded(out var ready) ? ready : null;
            var run = await supervisor.OpenAsync(claimed, stages?.Redactor ?? SecretRedactor.None, stopping);

            await using (run.Recorder)
            {
                await supervisor.RunAsync(run, pipeline, stopping);
                RunLeft(claimed.Id.Value, run.Run.Status, run.Run.Reason, run.Run.Turns, run.Run.Cost);
            }
        }
        catch (Exception exception) when (exception is DbException or RecordUnavailableException or IOException or OperationCanceledException)
        {
            // Its lease runs out, and whoever finds it then takes care of it.
            RunUnattended(claimed.Id.Value, exception.Message);
        }
        finally
        {
            going.TryRemove(claimed.Id, out _);
            Ring();
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Run {RunId} taken up, start {Start}.")]
    private partial void RunClaimed(string runId, int start);

    [LoggerMessage(Level = LogLevel.Information, Message = "Run {RunId} is {Status} {Reason} after {Turns} turns and {Cost}.")]
    private partial void RunLeft(string runId, RunStatus status, FailReason? reason, int turns, Money cost);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Run {RunId} had lost its supervisor and is {Status}.")]
    private partial void RunInterrupted(string runId, RunStatus status);

    [LoggerMessage(Level = LogLevel.Error, Message = "Run {RunId} cannot be attended: {Error}")]
    private partial void RunUnattended(string runId, string error);

    [LoggerMessage(Level = LogLevel.Error, Message = "The store cannot be used ({Times} times in a row): {Error}")]
    private partial void StoreUnavailable(string error, int times);

    [LoggerMessage(Level = LogLevel.Information, Message = "Draining: {Going} runs are going, none is taken up.")]
    private partial void Draining(int going);
}
