using Ringfence.Runs;
using Ringfence.Storage;

namespace Ringfence.Audit;

/// <summary>
/// Tells readers that a record has more for them, whichever process wrote it: one question to the store for all of them, however many streams a server has
/// open. It asks only while somebody waits.
/// </summary>
public sealed class RecordWatch(Database database, TimeProvider time)
{
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(100);

    // While nothing happens in any of the records it is asked less often.
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(400);

    private readonly Lock sync = new();
    private readonly HashSet<Reader> readers = [];
    private bool asking;

    /// <summary>Returns when the run's record has an event after this one. Throws what the store threw when it cannot be asked.</summary>
    public async Task WaitAsync(RunId run, long after, CancellationToken cancellationToken)
    {
        var reader = new Reader(run, after);

        lock (sync)
        {
            readers.Add(reader);

            if (!asking)
            {
                asking = true;

                // Not in the flow of the caller, who may be gone before the others are.
                using (ExecutionContext.SuppressFlow())
                {
                    _ = Task.Run(AskAsync, CancellationToken.None);
                }
            }
        }

        try
        {
            await reader.Told.Task.WaitAsync(cancellationToken);
        }
        finally
        {
            lock (sync)
            {
                readers.Remove(reader);
            }
        }
    }

    private async Task AskAsync()
    {
        var pause = Shortest;

        while (true)
        {
            await Task.Delay(pause, time);

            if (Waiting() is not { Length: > 0 } waiting)
            {
                return;
            }

            pause = await TellAsync(waiting) ? Shortest : pause * 2 < Longest ? pause * 2 : Longest;
        }
    }

    /// <summary>True when somebody has more to read.</summary>
    private async Task<bool> TellAsync(Reader[] waiting)
    {
        try
        {
            var last = await LastAsync(waiting);
            var behind = Array.FindAll(waiting, reader => last.GetValueOrDefault(reader.Run.Value, -1) > reader.After);
            Array.ForEach(behind, reader => reader.Told.TrySetResult());
            return behind.Length > 0;
        }
#pragma warning disable CA1031 // Whatever it was, they must not wait for ever: each decides whether it asks again.
        catch (Exception unavailable)
#pragma warning restore CA1031
        {
            Array.ForEach(waiting, reader => reader.Told.TrySetException(unavailable));
            return false;
        }
    }

    private Reader[] Waiting()
    {
        lock (sync)
        {
            asking = readers.Count > 0;
            return [.. readers];
        }
    }

    private async Task<Dictionary<string, long>> LastAsync(Reader[] waiting)
    {
        var rows = await database.QueryAsync(
            $"""
            select c.run, (select max(e.seq) from events e where e.chain = c.number)
              from chains c where {database.Dialect.IsOneOf("c.run", "@runs")}
            """,
            row => (Run: row.GetString(0), Last: row.IsDBNull(1) ? -1 : row.GetInt64(1)), CancellationToken.None,
            ("runs", string.Join(' ', waiting.Select(reader => reader.Run.Value).Distinct(StringComparer.Ordinal))));

        return rows.ToDictionary(row => row.Run, row => row.Last, StringComparer.Ordinal);
    }

    private sealed class Reader(RunId run, long after)
    {
        public RunId Run => run;

        public long After => after;

        public TaskCompletionSource Told { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
