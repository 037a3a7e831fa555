namespace Ringfence.Budgets;

/// <summary>Calls for which there is no money at the moment: they wait in line while others hold what is missing, and are told when it will not come.</summary>
internal sealed partial class BudgetLedger
{
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
