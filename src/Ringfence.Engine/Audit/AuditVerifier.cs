using System.Collections.Concurrent;
using Ringfence.Runs;
using Ringfence.Storage;

namespace Ringfence.Audit;

/// <summary>What a walk over one run's record found.</summary>
/// <param name="Head">Hash of the last event, lower-case hex.</param>
public sealed record ChainReport(RunId Run, long Events, string Head, IReadOnlyList<ChainProblem> Problems)
{
    public bool IsIntact => Problems.Count == 0;
}

/// <param name="Broken">Runs with problems, oldest first.</param>
public sealed record StoreReport(long Runs, long Events, IReadOnlyList<ChainReport> Broken);

/// <summary>
/// Proves what a record can prove: that no event was altered, moved or removed, and that an ended run has its end. What was cut off a run before
/// its end was written, or was taken away whole, shows only against a signed digest; that the recorder saw everything is not proved at all.
/// </summary>
public sealed class AuditVerifier(Database database)
{
    // Chains per piece of work: some tens of thousands of events.
    private const int Piece = 256;

    public async Task<ChainReport> VerifyAsync(RunId run, CancellationToken cancellationToken)
    {
        var chains = await ChainsAsync("where c.run = @run", cancellationToken, ("run", run));

        if (chains.Count == 0)
        {
            var status = await database.QuerySingleAsync("select status from runs where id = @run", row => row.GetString(0), cancellationToken, ("run", run));
            chains = [new Chain(0, run, status)];
        }

        return (await WalkAsync(chains, cancellationToken))[0];
    }

    /// <summary>Verifies every run there is, on every processor.</summary>
    public async Task<StoreReport> VerifyAllAsync(CancellationToken cancellationToken)
    {
        var chains = await ChainsAsync("", cancellationToken);
        var broken = new ConcurrentBag<ChainReport>();
        long events = 0;

        await Parallel.ForEachAsync(chains.Chunk(Piece), cancellationToken, async (piece, token) =>
        {
            foreach (var report in await WalkAsync(piece, token))
            {
                Interlocked.Add(ref events, report.Events);

                if (!report.IsIntact)
                {
                    broken.Add(report);
                }
            }
        });

        // A run that ended and has no record at all, and events that belong to no run.
        foreach (var run in await OrphansAsync(cancellationToken))
        {
            broken.Add(run);
        }

        return new(chains.Count, events, [.. broken.OrderBy(report => report.Run.Value, StringComparer.Ordinal)]);
    }

    /// <summary>Reports for chains whose numbers follow each other.</summary>
    internal async Task<IReadOnlyList<ChainReport>> WalkAsync(IReadOnlyList<Chain> chains, CancellationToken cancellationToken)
    {
        var walks = chains.ToDictionary(chain => chain.Number, chain => new ChainWalk(chain.Run));
        ChainWalk? current = null;
        long number = -1;

        await EventScan.RunAsync(
            database, chains[0].Number, chains[^1].Number,
            (chain, seq, body, hash) =>
            {
                if (chain != number)
                {
                    (number, current) = (chain, walks.GetValueOrDefault(chain));
                }

                current?.Next(seq, body, hash);
            },
            cancellationToken);

        return [.. chains.Select(chain => Report(walks[chain.Number], chain.Status))];
    }

    internal Task<IReadOnlyList<Chain>> ChainsAsync(
        string where, CancellationToken cancellationToken, params (string Name, object? Value)[] parameters) =>
        database.QueryAsync(
            $"select c.number, c.run, r.status from chains c left join runs r on r.id = c.run {where} order by c.number",
            row => new Chain(row.GetInt64(0), new RunId(row.GetString(1)), row.IsDBNull(2) ? null : row.GetString(2)), cancellationToken, parameters);

    private static ChainReport Report(ChainWalk walk, string? status)
    {
        walk.Finish(Enum.TryParse<RunStatus>(status, ignoreCase: true, out var known) ? known : null);
        return new(walk.Run, walk.Events, Convert.ToHexStringLower(walk.Head), walk.Problems);
    }

    private async Task<IReadOnlyList<ChainReport>> OrphansAsync(CancellationToken cancellationToken)
    {
        var lost = await database.QueryAsync(
            """
            select id from runs
             where status in ('completed', 'failed', 'cancelled') and not exists (select 1 from chains where run = runs.id)
            """,
            row => new RunId(row.GetString(0)), cancellationToken);

        return [.. lost.Select(run => new ChainReport(run, 0, "", [new("truncated", -1, "The run has ended, and there is no record of it.")]))];
    }

    internal sealed record Chain(long Number, RunId Run, string? Status);
}
