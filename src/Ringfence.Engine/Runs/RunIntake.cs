using System.Collections.Concurrent;
using Ringfence.Storage;

namespace Ringfence.Runs;

/// <summary>
/// Puts accepted runs into the store, many in one transaction: a commit waits for the disk whether it holds one run or a hundred. What arrives while
/// one commit is under way goes into the next; nobody waits for company.
/// </summary>
internal sealed class RunIntake(Database database)
{
    private const int MostTogether = 128;

    private readonly ConcurrentQueue<Arrival> arrivals = new();
    private int working;

    /// <summary>Completes when the run is durable: true, or false when there is a run with that key already.</summary>
    public Task<bool> AddAsync(Run run, string? idempotencyKey)
    {
        var arrival = new Arrival(RunRow.Of(run, idempotencyKey), RunRow.WordsOf(run), new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously));
        arrivals.Enqueue(arrival);
        Work();
        return arrival.Added.Task;
    }

    private void Work()
    {
        if (!arrivals.IsEmpty && Interlocked.CompareExchange(ref working, 1, 0) == 0)
        {
            // Not in the flow of the caller: what it is in the middle of is no concern of the others.
            using (ExecutionContext.SuppressFlow())
            {
                _ = Task.Run(WriteAsync);
            }
        }
    }

    private async Task WriteAsync()
    {
        while (Take() is { Count: > 0 } batch)
        {
            if (!await TryWriteAsync(batch))
            {
                // One of them may be what the database refuses: the others go on without it.
                foreach (var one in batch)
                {
                    await TryWriteAsync([one]);
                }
            }
        }

        Volatile.Write(ref working, 0);

        // What came between the last look and the line above found somebody working.
        Work();
    }

    private List<Arrival> Take()
    {
        var batch = new List<Arrival>();

        while (batch.Count < MostTogether && arrivals.TryDequeue(out var arrival))
        {
            batch.Add(arrival);
        }

        return batch;
    }

    private async Task<bool> TryWriteAsync(List<Arrival> batch)
    {
        try
        {
            var changed = await database.InTransactionAsync(
                async transaction =>
                {
                    var added = await transaction.ExecuteManyAsync(RunRow.Insert, [.. batch.Select(arrival => arrival.Row)], CancellationToken.None);
                    await transaction.ExecuteManyAsync(RunRow.InsertWords, [.. batch.Select(arrival => arrival.Words)], CancellationToken.None);
                    return added;
                },
                CancellationToken.None);

            for (var i = 0; i < batch.Count; i++)
            {
                batch[i].Added.TrySetResult(changed[i] == 1);
            }

            return true;
        }
#pragma warning disable CA1031 // Whatever it was, whoever asked is told; the others are tried again.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            if (batch.Count == 1)
            {
                batch[0].Added.TrySetException(exception);
            }

            return batch.Count == 1;
        }
    }

    private sealed record Arrival((string Name, object? Value)[] Row, (string Name, object? Value)[] Words, TaskCompletionSource<bool> Added);
}
