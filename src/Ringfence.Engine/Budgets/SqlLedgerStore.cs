using System.Data.Common;
using Ringfence.Runs;
using Ringfence.Storage;

namespace Ringfence.Budgets;

/// <summary>
/// Scopes in the database, shared by every gateway on it. Rows are locked block before scope and scopes in key order, by everyone, so gateways wait for each
/// other and never deadlock.
/// </summary>
internal sealed class SqlLedgerStore(Database database, TimeProvider time) : ILedgerStore
{
    public Task DeclareAsync(IReadOnlyList<ScopeLimit> scopes, CancellationToken cancellationToken) => database.InTransactionAsync(
        async transaction =>
        {
            foreach (var scope in scopes.OrderBy(s => s.Key, StringComparer.Ordinal))
            {
                var rule = await transaction.QuerySingleAsync(
                    "select limit_nd from budget_rules where scope = @rule", row => (long?)row.GetInt64(0), cancellationToken, ("rule", scope.Rule));

                await transaction.ExecuteAsync(
                    """
                    insert into budget_scopes (scope, rule, limit_nd, spent_nd, held_nd, opened_us)
                    values (@scope, @rule, @limit, 0, 0, @now)
                    on conflict (scope) do update set limit_nd = coalesce(@limit, budget_scopes.limit_nd)
                    """,
                    cancellationToken, ("scope", scope.Key), ("rule", scope.Rule), ("limit", LedgerRules.Limit(scope, rule)), ("now", time.NowMicroseconds()));
            }
        },
        cancellationToken);

    public Task<IReadOnlyList<ScopeState>> ExchangeAsync(
        IReadOnlyList<Exchange> exchanges, DateTimeOffset expires, CancellationToken cancellationToken) => database.InTransactionAsync(
        async transaction =>
        {
            var states = new ScopeState[exchanges.Count];

            for (var i = 0; i < exchanges.Count; i++)
            {
                states[i] = await BookAsync(transaction, exchanges[i], expires, cancellationToken);
            }

            var isAnyLost = Array.Exists(states, s => s.BlockLost);
            var grants = LedgerRules.Grants(
                [.. exchanges.Select((e, i) => (e.Least, e.Most, states[i].Limit - states[i].Spent - states[i].Held, isAnyLost || states[i].Stop is not null))]);

            for (var i = 0; i < exchanges.Count; i++)
            {
                if (grants[i] > 0)
                {
                    await GrantAsync(transaction, exchanges[i], grants[i], expires, cancellationToken);
                    states[i] = states[i] with { Granted = grants[i], Held = states[i].Held + grants[i] };
                }
            }

            return (IReadOnlyList<ScopeState>)states;
        },
        cancellationToken);

    public async Task<int> SettleExpiredAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        var expired = await database.QueryAsync(
            "select scope, holder from budget_blocks where expires_us < @before",
            row => (Scope: row.GetString(0), Holder: row.GetString(1)), cancellationToken, ("before", before));

        foreach (var (scope, holder) in expired)
        {
            if (await IsRecoveredAsync(holder, cancellationToken))
            {
                continue;
            }

            await database.InTransactionAsync(
                async transaction =>
                {
                    var held = await transaction.QuerySingleAsync(
                        "delete from budget_blocks where scope = @scope and holder = @holder and expires_us < @before returning held_nd",
                        row => row.GetInt64(0), cancellationToken, ("scope", scope), ("holder", holder), ("before", before));

                    await transaction.ExecuteAsync(
                        "update budget_scopes set spent_nd = spent_nd + @held, held_nd = held_nd - @held where scope = @scope",
                        cancellationToken, ("scope", scope), ("held", held));
                },
                cancellationToken);
        }

        return expired.Count;
    }

    /// <summary>A run's recovery knows better what was spent of the block, and frees it.</summary>
    private async Task<bool> IsRecoveredAsync(string holder, CancellationToken cancellationToken) => BlockHolder.WorkerOf(holder) is { } worker
        && (WorkerId.Parse(worker) is { IsKnownDead: true } || await database.QuerySingleAsync(
            "select cast(1 as bigint) from runs where worker = @worker limit 1", row => row.GetInt64(0), cancellationToken, ("worker", worker)) == 1);

    public Task FreezeAsync(string scope, string reason, CancellationToken cancellationToken) => database.ExecuteAsync(
        "update budget_scopes set stop = @reason where scope = @scope and stop is null",
        cancellationToken, ("scope", scope), ("reason", $"frozen: {reason}"));

    public Task<IReadOnlyList<ScopeStop>> StopsAsync(CancellationToken cancellationToken) => database.QueryAsync(
        "select scope, stopped_by, stopped_us from budget_stops",
        row => new ScopeStop(row.GetString(0), row.GetString(1), UnixTime.FromUnixTimeMicroseconds(row.GetInt64(2))), cancellationToken);

    // Books what was spent and returned. A block that is not there as we left it has expired and was booked as spent, whole.
    private static async Task<ScopeState> BookAsync(
        DatabaseTransaction transaction, Exchange exchange, DateTimeOffset expires, CancellationToken cancellationToken)
    {
        var left = Math.Max(0, exchange.Block - exchange.Spent - exchange.Return);
        var isLost = exchange.Block > 0 && !await ShrinkAsync(transaction, exchange, left, expires, cancellationToken);

        return await transaction.QuerySingleAsync(
            """
            update budget_scopes set spent_nd = spent_nd + @spent, held_nd = held_nd + @change where scope = @scope
            returning limit_nd, spent_nd, held_nd, stop
            """,
            row => Read(row, exchange.Scope, isLost), cancellationToken, ("scope", exchange.Scope), ("spent", isLost ? 0 : exchange.Spent),
            ("change", isLost ? 0 : left - exchange.Block));
    }

    private static async Task<bool> ShrinkAsync(
        DatabaseTransaction transaction, Exchange exchange, long left, DateTimeOffset expires, CancellationToken cancellationToken) =>
        await transaction.ExecuteAsync(
            left > 0
                ? "update budget_blocks set held_nd = @left, expires_us = @expires where scope = @scope and holder = @holder and held_nd = @block"
                : "delete from budget_blocks where scope = @scope and holder = @holder and held_nd = @block and @left = 0 and @expires > 0",
            cancellationToken, ("left", left), ("expires", expires), ("scope", exchange.Scope), ("holder", exchange.Holder),
            ("block", exchange.Block)) == 1;

    private static async Task GrantAsync(
        DatabaseTransaction transaction, Exchange exchange, long grant, DateTimeOffset expires, CancellationToken cancellationToken)
    {
        await transaction.ExecuteAsync(
            """
            insert into budget_blocks (scope, holder, held_nd, expires_us) values (@scope, @holder, @grant, @expires)
            on conflict (scope, holder) do update set held_nd = budget_blocks.held_nd + excluded.held_nd, expires_us = excluded.expires_us
            """,
            cancellationToken, ("scope", exchange.Scope), ("holder", exchange.Holder), ("grant", grant), ("expires", expires));

        await transaction.ExecuteAsync(
            "update budget_scopes set held_nd = held_nd + @grant where scope = @scope",
            cancellationToken, ("scope", exchange.Scope), ("grant", grant));
    }

    private static ScopeState Read(DbDataReader row, string scope, bool isLost) => new(
        scope, row.IsDBNull(0) ? null : row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.IsDBNull(3) ? null : row.GetString(3), 0, isLost);
}
