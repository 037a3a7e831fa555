using Ringfence.Runs;
using Ringfence.Storage;

namespace Ringfence.Budgets;

/// <summary>
/// Brings the books of a gateway that died to the truth. What a run spent is on its record, and a reservation is there before its call is sent; so what the
/// gateway had not booked yet is booked from the record, and what it merely held is free again.
/// </summary>
internal sealed class BudgetRecovery(Database database)
{
    /// <summary>Books what a run was charged by its record and that no gateway has booked. Nothing when all of it is booked: it may be called again.</summary>
    public Task BookAsync(RunId run, IReadOnlyList<ChargedCall> calls, CancellationToken cancellationToken) => database.InTransactionAsync(
        async transaction =>
        {
            var booked = await transaction.QuerySingleAsync(
                "select spent_nd from budget_scopes where scope = @scope", row => row.GetInt64(0), cancellationToken, ("scope", $"run:{run}"));
            var left = calls.Sum(call => call.Nanodollars) - booked;
            var missing = new SortedDictionary<string, long>(StringComparer.Ordinal);

            // Gateways book what is settled in order, so the latest calls are the ones that are missing, from the windows that these paid from.
            foreach (var call in calls.Reverse().TakeWhile(_ => left > 0))
            {
                var part = Math.Min(left, call.Nanodollars);
                left -= part;

                foreach (var scope in call.Scopes)
                {
                    missing[scope] = missing.GetValueOrDefault(scope) + part;
                }
            }

            foreach (var (scope, part) in missing)
            {
                await transaction.ExecuteAsync(
                    "update budget_scopes set spent_nd = spent_nd + @part where scope = @scope", cancellationToken, ("part", part), ("scope", scope));
            }
        },
        cancellationToken);

    /// <summary>Frees what dead processes held, once no run is theirs any more.</summary>
    /// <param name="gone">Processes that lost their runs; those that this machine knows to be dead are found here.</param>
    public async Task ReleaseAsync(IReadOnlySet<string> gone, CancellationToken cancellationToken)
    {
        var holders = await database.QueryAsync("select distinct holder from budget_blocks", row => row.GetString(0), cancellationToken);

        foreach (var worker in holders.Select(BlockHolder.WorkerOf).OfType<string>().Distinct().Where(worker => gone.Contains(worker) || WorkerId.Parse(worker) is { IsKnownDead: true }))
        {
            await database.InTransactionAsync(transaction => ReleaseAsync(transaction, worker, cancellationToken), cancellationToken);
        }
    }

    private static async Task ReleaseAsync(DatabaseTransaction transaction, string worker, CancellationToken cancellationToken)
    {
        var held = await transaction.QueryAsync(
            "delete from budget_blocks where holder like @holder and not exists (select 1 from runs where worker = @worker) returning scope, held_nd",
            row => (Scope: row.GetString(0), Held: row.GetInt64(1)), cancellationToken, ("holder", BlockHolder.LikeOf(worker)), ("worker", worker));

        foreach (var (scope, part) in held.OrderBy(block => block.Scope, StringComparer.Ordinal))
        {
            await transaction.ExecuteAsync(
                "update budget_scopes set held_nd = held_nd - @part where scope = @scope", cancellationToken, ("part", part), ("scope", scope));
        }
    }
}

/// <summary>One model call as it counts.</summary>
/// <param name="Scopes">Keys, windows included, that paid for it.</param>
internal sealed record ChargedCall(IReadOnlyList<string> Scopes, long Nanodollars);
