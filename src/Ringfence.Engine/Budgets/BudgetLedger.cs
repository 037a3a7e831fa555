using System.Data.Common;
using Ringfence.Runs;

namespace Ringfence.Budgets;

/// <summary>
/// Sets money aside before a call and books what it cost. This gateway holds committed blocks of each scope and draws from them in memory, so that
/// a commit is rarely on a call's path; after a crash the record says what was spent of them (<see cref="BudgetRecovery"/>), and where there is none a block
/// counts as spent. It can over-count, it cannot overspend.
/// </summary>
internal sealed class BudgetLedger(ILedgerStore store, TimeProvider time, WorkerId? process = null) : IAsyncDisposable
{
    /// <summary>How long a block is ours without a sign of life. Nothing is drawn from it after that.</summary>
    private static readonly TimeSpan BlockLife = TimeSpan.FromSeconds(60);

    /// <summary>Clocks of replicas differ; a block is settled by others only this much after it stopped being used.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(250);

    private readonly string worker = (process ?? WorkerId.Current).ToString();
    private readonly string gateway = Guid.CreateVersion7(time.GetUtcNow()).ToString("N");
    private readonly Lock gate = new();
    private readonly Dictionary<(string Key, bool IsOnRecord), ScopeAccount> accounts = [];
    private readonly LinkedList<BudgetAccount> line = new();
    private readonly SemaphoreSlim exchanging = new(1, 1);
    private TaskCompletionSource? released;

    /// <summary>Joins the scopes of a lease; the first is the narrowest.</summary>
    /// <param name="isOnRecord">Each reservation is durable on a run's record before its call is sent.</param>
    public BudgetAccount Open(IReadOnlyList<ScopeLimit> scopes, bool isOnRecord = false)
    {
        lock (gate)
        {
            var joined = scopes.Select(s => s.Key).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Select(key => Account(key, isOnRecord)).ToList();
            return new BudgetAccount(scopes[0].Key, joined, store.DeclareAsync(scopes, CancellationToken.None));
        }
    }

    /// <summary>
    /// Sets aside <paramref name="want"/> in every scope of the account, or as much as there is down to <paramref name="floor"/>. Waits its turn, first
    /// in first out, while other calls hold what is missing.
    /// </summary>
    public async ValueTask<ReserveOutcome> ReserveAsync(
        BudgetAccount account, string call, Money want, Money floor, TimeSpan wait, CancellationToken cancellationToken)
    {
        try
        {
            await account.Declared;
            LinkedListNode<BudgetAccount> place;

            lock (gate)
            {
                if (!IsAwaited(account, null) && TryDraw(account, call, want.Nanodollars) is { } granted)
                {
                    return granted;
                }

                place = line.AddLast(account);
            }

            try
            {
                return await WaitAsync(account, call, want.Nanodollars, floor.Nanodollars, place, wait, cancellationToken);
            }
            finally
            {
                lock (gate)
                {
                    line.Remove(place);
                }

                Release();
            }
        }
        catch (Exception exception) when (exception is DbException or IOException)
        {
            return new ReserveOutcome.Denied(DenialKind.Unavailable, account.Narrowest, want, Money.Zero, exception.Message);
        }
    }

    /// <summary>Ends a reservation, and says what that did to its scopes.</summary>
    public Settlement Settle(Reservation reservation, Money spent)
    {
        if (!reservation.TrySettle())
        {
            return Settlement.Nothing;
        }

        var (frozen, thresholds) = (new List<string>(), new List<ThresholdPassed>());

        lock (gate)
        {
            var scopes = reservation.Account.Scopes;

            for (var i = 0; i < scopes.Count; i++)
            {
                var scope = scopes[i];

                // From a block that was lost, all of it was booked as spent already.
                if (scope.Epoch == reservation.Epochs[i])
                {
                    scope.Reserved -= reservation.Amount.Nanodollars;
                    scope.Unbooked += spent.Nanodollars;
                }

                if (scope.TryPassThreshold(out var percent))
                {
                    thresholds.Add(new ThresholdPassed(scope.Key, percent, new Money(scope.SpentAsKnown), new Money(scope.Seen.Limit!.Value)));
                }

                // It cost more than was set aside, so a bound was wrong: the narrowest scope stops, and every scope that this took over its limit.
                var passed = scope.Seen.Limit is { } limit && scope.SpentAsKnown > limit;

                if (spent > reservation.Amount && (passed || scope.Key == reservation.Account.Narrowest))
                {
                    scope.Seen = scope.Seen with { Stop = $"frozen: {reservation.Call}" };
                    scope.IsFrozenHereAlone = true;
                    frozen.Add(scope.Key);
                }
            }
        }

        Release();
        return new Settlement(frozen, thresholds);
    }

    /// <summary>Writes a freeze down. From then on the store says whether the scope is frozen, so that a thaw is seen here.</summary>
    public async Task FreezeAsync(string scope, string reason, CancellationToken cancellationToken)
    {
        await exchanging.WaitAsync(cancellationToken);

        try
        {
            await store.FreezeAsync(scope, reason, cancellationToken);

            lock (gate)
            {
                foreach (var account in accounts.Values.Where(account => account.Key == scope))
                {
                    account.IsFrozenHereAlone = false;
                }
            }
        }
        finally
        {
            exchanging.Release();
        }
    }

    public Task<IReadOnlyList<ScopeStop>> StopsAsync(CancellationToken cancellationToken) => store.StopsAsync(cancellationToken);

    /// <summary>
    /// Books what was settled, keeps blocks alive, gives back what lies idle. A failure of the store is not one of the caller: nothing is drawn from a
    /// block that could not be renewed, and the next call that needs one says so.
    /// </summary>
    public async Task TendAsync(CancellationToken cancellationToken)
    {
        try
        {
            await BookAsync(Surplus, cancellationToken);
        }
        catch (Exception exception) when (exception is DbException or IOException)
        {
            // Tried again at the next tick.
        }
    }

    /// <summary>Books as spent what crashed gateways held. Returns how many blocks that were.</summary>
    public async Task<int> SettleCrashedAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await store.SettleExpiredAsync(time.GetUtcNow() - Grace, cancellationToken);
        }
        catch (Exception exception) when (exception is DbException or IOException)
        {
            return 0;
        }
    }

    /// <summary>Books what a lease spent and gives its free money back, so that the scopes read right as soon as it has ended.</summary>
    public async Task CloseAsync(BudgetAccount account, CancellationToken cancellationToken)
    {
        try
        {
            await BookAsync(a => account.Scopes.Contains(a) ? Math.Max(0, a.Free) : Surplus(a), cancellationToken);
        }
        catch (Exception exception) when (exception is DbException or IOException)
        {
            // The block stays held and counts as spent when it expires: over-counted, never overspent.
        }

        lock (gate)
        {
            foreach (var scope in account.Scopes.Where(s => s is { Block: 0, Reserved: 0, Unbooked: 0 } && s.Key == account.Narrowest))
            {
                accounts.Remove((scope.Key, scope.IsOnRecord));
            }
        }
    }

    /// <summary>Books everything and gives every block back.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await BookAsync(a => Math.Max(0, a.Free), CancellationToken.None);
        }
        catch (Exception exception) when (exception is DbException or IOException)
        {
            // As above: what could not be given back counts as spent.
        }

        exchanging.Dispose();
    }

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

    private async Task<ReserveOutcome> WaitAsync(
        BudgetAccount account, string call, long want, long floor, LinkedListNode<BudgetAccount> place, TimeSpan wait,
        CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        ReserveOutcome.Denied? last = null;

        while (true)
        {
            Task signal;
            bool first;

            lock (gate)
            {
                signal = (released ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
                first = !IsAwaited(account, place);
            }

            if (first)
            {
                var outcome = await TryOnceAsync(account, call, want, floor, cancellationToken);

                if (outcome is not ReserveOutcome.Denied { Kind: DenialKind.Busy } busy)
                {
                    return outcome;
                }

                last = busy;
            }

            var left = wait - time.GetElapsedTime(started);

            if (left <= TimeSpan.Zero)
            {
                return last ?? new ReserveOutcome.Denied(DenialKind.Busy, account.Narrowest, new Money(floor), Money.Zero);
            }

            // Other replicas give back without telling us: look again now and then.
            await Task.WhenAny(signal, Task.Delay(left < Poll ? left : Poll, time, cancellationToken));
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    private async Task<ReserveOutcome> TryOnceAsync(BudgetAccount account, string call, long want, long floor, CancellationToken cancellationToken)
    {
        await exchanging.WaitAsync(cancellationToken);

        try
        {
            lock (gate)
            {
                if (TryDraw(account, call, want) is { } granted)
                {
                    return granted;
                }
            }

            // First all that is wanted; a scope that cannot give it is asked for the most it has, down to the floor.
            var now = time.GetUtcNow();
            await ExchangeAsync(account.Scopes, a => Missing(a, want, now), a => Ahead(a, want), _ => 0, cancellationToken);

            lock (gate)
            {
                if (TryDraw(account, call, want) is { } granted)
                {
                    return granted;
                }
            }

            var most = MostAvailable(account, want);

            if (most >= floor)
            {
                await ExchangeAsync(account.Scopes, a => Missing(a, most, now), a => Missing(a, most, now), _ => 0, cancellationToken);

                lock (gate)
                {
                    if (TryDraw(account, call, most) is { } granted)
                    {
                        return granted;
                    }
                }
            }

            return Refuse(account, floor);
        }
        finally
        {
            exchanging.Release();
        }
    }

    private ReserveOutcome.Denied Refuse(BudgetAccount account, long floor)
    {
        lock (gate)
        {
            var tightest = account.Scopes[0];

            foreach (var scope in account.Scopes)
            {
                var left = scope.Seen.Limit - scope.SpentAsKnown;

                if (scope.Seen.Stop is { } stop)
                {
                    var kind = stop.StartsWith("killed", StringComparison.Ordinal) ? DenialKind.Killed : DenialKind.Frozen;
                    return new ReserveOutcome.Denied(kind, scope.Key, new Money(floor), Money.Zero, stop);
                }

                if (left < floor)
                {
                    return new ReserveOutcome.Denied(DenialKind.Exhausted, scope.Key, new Money(floor), new Money(Math.Max(0, left.Value)));
                }

                tightest = Available(scope) < Available(tightest) ? scope : tightest;
            }

            return new ReserveOutcome.Denied(
                DenialKind.Busy, tightest.Key, new Money(floor), new Money(Math.Max(0, Available(tightest))));
        }
    }

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

    private bool IsAwaited(BudgetAccount account, LinkedListNode<BudgetAccount>? upTo)
    {
        for (var node = line.First; node is not null && node != upTo; node = node.Next)
        {
            if (node.Value.Scopes.Any(account.Scopes.Contains))
            {
                return true;
            }
        }

        return false;
    }

    private ScopeAccount Account(string key, bool isOnRecord) =>
        accounts.TryGetValue((key, isOnRecord), out var known) ? known : accounts[(key, isOnRecord)] = new ScopeAccount(key, isOnRecord);

    private void Release()
    {
        TaskCompletionSource? awakened;

        lock (gate)
        {
            (awakened, released) = (released, null);
        }

        awakened?.TrySetResult();
    }
}
