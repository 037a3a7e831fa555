using Ringfence.Runs;
using Ringfence.Storage;

namespace Ringfence.Audit;

/// <summary>What a walk over one run's record found.</summary>
/// <param name="Head">Hash of the last event, lower-case hex.</param>
public sealed record ChainReport(RunId Run, long Events, string Head, IReadOnlyList<ChainProblem> Problems)
{
    public bool IsIntact => Problems.Count == 0;
}

/// <summary>
/// Proves what a record can prove: that no event was altered, moved or removed, and that an ended run has its end. What was cut off a run before
/// its end was written shows only against a signed digest; that the recorder saw everything is not proved at all.
/// </summary>
public sealed class AuditVerifier(Database database)
{
    public async Task<ChainReport> VerifyAsync(RunId run, CancellationToken cancellationToken)
    {
        var walk = new ChainWalk(run);
        var chain = await database.QuerySingleAsync<long?>(
            "select number from chains where run = @run", row => row.GetInt64(0), cancellationToken, ("run", run));

        if (chain is not null)
        {
            await foreach (var row in ChainRows.ReadAsync(database, chain.Value, cancellationToken))
            {
                walk.Next(row);
            }
        }

        var status = await database.QuerySingleAsync(
            "select status from runs where id = @run", row => row.GetString(0), cancellationToken, ("run", run));

        List<ChainProblem> problems = [.. walk.Problems];

        if (walk.Ended is null && Enum.TryParse<RunStatus>(status, ignoreCase: true, out var state) && RunTransitions.HasEnded(state))
        {
            problems.Add(new("truncated", walk.Events, $"The run has ended, but its record stops before run.ended, after {walk.Events} events."));
        }

        return new ChainReport(run, walk.Events, Convert.ToHexStringLower(walk.Head), problems);
    }
}
