using System.Data.Common;
using Ringfence.Storage;

namespace Ringfence.Budgets;

/// <param name="Key">Scope with its window.</param>
/// <param name="Limit">Null is unlimited.</param>
/// <param name="Held">Set aside by gateways, not yet spent.</param>
/// <param name="Stop">Why nothing may be spent; null while money may flow.</param>
public sealed record ScopeBalance(string Key, Money? Limit, Money Spent, Money Held, string? Stop);

/// <summary>What people do with budgets: look, set, stop, let go on.</summary>
public sealed class BudgetBook(Database database, TimeProvider time)
{
    /// <summary>Scopes by key; <paramref name="under"/> keeps those that it covers.</summary>
    public async Task<IReadOnlyList<ScopeBalance>> ListAsync(string? under, CancellationToken cancellationToken)
    {
        var all = await database.QueryAsync(
            "select scope, limit_nd, spent_nd, held_nd, stop from budget_scopes order by opened_us desc, scope", Read, cancellationToken);

        return under is null ? all : [.. all.Where(s => ScopeKey.IsUnder(s.Key, under))];
    }

    /// <summary>Sets the limit of a scope, in the windows that are open and in those to come. A scope may be over a lower limit at once.</summary>
    public Task SetAsync(string scope, Money limit, string by, CancellationToken cancellationToken) => database.InTransactionAsync(
        async transaction =>
        {
            await transaction.ExecuteAsync(
                """
                insert into budget_rules (scope, limit_nd, set_by, set_us) values (@scope, @limit, @by, @now)
                on conflict (scope) do update set limit_nd = @limit, set_by = @by, set_us = @now
                """,
                cancellationToken, ("scope", scope), ("limit", limit), ("by", by), ("now", time.GetUtcNow()));

            await transaction.ExecuteAsync(
                "update budget_scopes set limit_nd = @limit where rule = @scope", cancellationToken, ("limit", limit), ("scope", scope));
        },
        cancellationToken);

    /// <summary>Ends a freeze, after a person looked. True when there was one.</summary>
    public async Task<bool> ThawAsync(string key, CancellationToken cancellationToken) => await database.ExecuteAsync(
        "update budget_scopes set stop = null where scope = @scope and stop is not null", cancellationToken, ("scope", key)) > 0;

    /// <summary>Stops everything under a scope, or everything (<see cref="ScopeKey.All"/>), until it is lifted.</summary>
    public Task StopAsync(string scope, string by, CancellationToken cancellationToken) => database.ExecuteAsync(
        """
        insert into budget_stops (scope, stopped_by, stopped_us) values (@scope, @by, @now)
        on conflict (scope) do update set stopped_by = @by, stopped_us = @now
        """,
        cancellationToken, ("scope", scope), ("by", by), ("now", time.GetUtcNow()));

    /// <summary>True when there was such a stop.</summary>
    public async Task<bool> LiftAsync(string scope, CancellationToken cancellationToken) =>
        await database.ExecuteAsync("delete from budget_stops where scope = @scope", cancellationToken, ("scope", scope)) > 0;

    public Task<IReadOnlyList<(string Scope, string By, DateTimeOffset At)>> StopsAsync(CancellationToken cancellationToken) => database.QueryAsync(
        "select scope, stopped_by, stopped_us from budget_stops order by stopped_us",
        row => (row.GetString(0), row.GetString(1), UnixTime.FromUnixTimeMicroseconds(row.GetInt64(2))), cancellationToken);

    private static ScopeBalance Read(DbDataReader row) => new(
        row.GetString(0), row.IsDBNull(1) ? null : new Money(row.GetInt64(1)), new Money(row.GetInt64(2)), new Money(row.GetInt64(3)),
        row.IsDBNull(4) ? null : row.GetString(4));
}
