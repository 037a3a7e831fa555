using System.Data.Common;
using Ringfence.Runs;

namespace Ringfence.Budgets;

/// <summary>
/// Sets money aside before a call and books what it cost. This gateway holds committed blocks of each scope and draws from them in memory, so that
/// a commit is rarely on a call's path; after a crash the record says what was spent of them (<see cref="BudgetRecovery"/>), and where there is none a block
/// counts as spent. It can over-count, it cannot overspend.
/// </summary>
internal sealed partial class BudgetLedger(ILedgerStore store, TimeProvider time, WorkerId? process = null) : IAsyncDisposable
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
}
