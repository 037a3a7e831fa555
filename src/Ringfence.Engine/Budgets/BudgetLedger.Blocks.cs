namespace Ringfence.Budgets;

/// <summary>The blocks that this gateway holds: what is drawn from them in memory, and their exchange with the store.</summary>
internal sealed partial class BudgetLedger
{
    private ScopeAccount Account(string key, bool isOnRecord) =>
        accounts.TryGetValue((key, isOnRecord), out var known) ? known : accounts[(key, isOnRecord)] = new ScopeAccount(key, isOnRecord);

    // What is idle, and what a lowered limit no longer covers.
    private long Surplus(ScopeAccount scope) =>
        time.GetUtcNow() - scope.LastUsed > Idle || scope.Seen.Limit < scope.Seen.Spent + scope.Seen.Held ? Math.Max(0, scope.Free) : 0;

    private async Task BookAsync(Func<ScopeAccount, long> giveBack, CancellationToken cancellationToken)
    {
        await exchanging.WaitAsync(cancellationToken);

        try
        {
            List<ScopeAccount> held;

            lock (gate)
            {
                var soon = time.GetUtcNow() + (BlockLife / 2);

                held =
                [
                    .. accounts.Values
                        .Where(a => a.Unbooked > 0 || (a.Block > 0 && (a.Expires < soon || giveBack(a) > 0)))
                        .OrderBy(a => a.Key, StringComparer.Ordinal),
                ];
            }

            if (held.Count > 0)
            {
                await ExchangeAsync(held, _ => 0, _ => 0, giveBack, cancellationToken);
            }
        }
        finally
        {
            exchanging.Release();
        }

        Release();
    }

    // Called with `exchanging` taken: one exchange at a time, and whatever it brings is drawn from before the next.
    private async Task ExchangeAsync(
        IReadOnlyList<ScopeAccount> scopes, Func<ScopeAccount, long> least, Func<ScopeAccount, long> ahead, Func<ScopeAccount, long> giveBack,
        CancellationToken cancellationToken)
    {
        var expires = time.GetUtcNow() + BlockLife;
        List<Exchange> exchanges;
        var asked = scopes;

        lock (gate)
        {
            // What was settled is booked in all scopes at the same moment: after a crash the books of a run's own scope then tell how far all of them are.
            scopes = [.. asked.Union(accounts.Values.Where(account => account.Unbooked > 0)).OrderBy(scope => scope.Key, StringComparer.Ordinal)];
            exchanges = [.. scopes.Select(scope => asked.Contains(scope) ? Prepare(scope, least(scope), ahead(scope), giveBack(scope)) : Prepare(scope, 0, 0, 0))];
        }

        IReadOnlyList<ScopeState> states;

        try
        {
            states = await store.ExchangeAsync(exchanges, expires, cancellationToken);
        }
        catch
        {
            // Whether it was committed is not known. Nothing that was to be given back may be drawn again, and nothing booked may be booked twice:
            // the block is abandoned and counts as spent when it expires.
            lock (gate)
            {
                foreach (var scope in scopes)
                {
                    Abandon(scope);
                }
            }

            throw;
        }

        lock (gate)
        {
            for (var i = 0; i < scopes.Count; i++)
            {
                Apply(scopes[i], exchanges[i], states[i], expires);
            }
        }
    }

    private Exchange Prepare(ScopeAccount scope, long least, long ahead, long giveBack)
    {
        // While the exchange runs, what is given back must not be drawn.
        scope.Reserved += giveBack;
        return new Exchange(scope.Key, BlockHolder.Of(scope.IsOnRecord ? worker : null, gateway, scope.Epoch), scope.Unbooked, giveBack, least, Math.Max(least, ahead), scope.Block);
    }

    private static void Apply(ScopeAccount scope, Exchange exchange, ScopeState state, DateTimeOffset expires)
    {
        scope.Seen = scope.IsFrozenHereAlone && state.Stop is null ? state with { Stop = scope.Seen.Stop } : state;

        if (state.BlockLost)
        {
            Abandon(scope);
            return;
        }

        scope.Reserved -= exchange.Return;
        scope.Unbooked -= exchange.Spent;
        scope.Block = Math.Max(0, exchange.Block - exchange.Spent - exchange.Return) + state.Granted;
        scope.Expires = expires;
    }

    private static void Abandon(ScopeAccount scope)
    {
        scope.Epoch++;
        scope.Block = 0;
        scope.Reserved = 0;
        scope.Unbooked = 0;
    }

    private ReserveOutcome.Granted? TryDraw(BudgetAccount account, string call, long amount)
    {
        var now = time.GetUtcNow();

        foreach (var scope in account.Scopes)
        {
            if (scope.Seen.Stop is not null || scope.Free < amount || now >= scope.Expires)
            {
                return null;
            }
        }

        foreach (var scope in account.Scopes)
        {
            scope.Reserved += amount;
            scope.Need = Math.Max(amount, scope.Need - (scope.Need / 16));
            scope.LastUsed = now;
        }

        var remaining = account.Scopes.Min(Available);
        return new ReserveOutcome.Granted(
            new Reservation(account, call, new Money(amount), [.. account.Scopes.Select(s => s.Epoch)]), new Money(remaining));
    }

    private static long Missing(ScopeAccount scope, long amount, DateTimeOffset now) =>
        Math.Max(0, amount - (now < scope.Expires ? Math.Max(0, scope.Free) : 0));

    // Enough that the next calls need no commit: their reservations come back, only what they cost is used up.
    private static long Ahead(ScopeAccount scope, long amount) =>
        amount + Math.Max(Math.Max(amount, scope.Need) / 2, Money.NanodollarsPerDollar / 4);

    // What this gateway holds free and what the store could still grant.
    private static long Available(ScopeAccount scope) => scope.Seen.Limit is { } limit
        ? Math.Max(0, scope.Free) + Math.Max(0, limit - scope.Seen.Spent - scope.Seen.Held)
        : long.MaxValue;

    private long MostAvailable(BudgetAccount account, long want)
    {
        lock (gate)
        {
            return Math.Min(want, account.Scopes.Min(Available));
        }
    }
}
