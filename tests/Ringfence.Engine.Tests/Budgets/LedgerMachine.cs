using FsCheck;
using FsCheck.Fluent;
using Ringfence.Budgets;

namespace Ringfence.Tests.Budgets;

/// <summary>One thing that happens to a ledger: who does it, and a number that the thing needs.</summary>
internal sealed record Step(StepKind Kind, int Who, int Amount)
{
    public static Arbitrary<Step[]> Any { get; } = Gen.ArrayOf(
        from kind in Gen.Frequency(
            (8, Gen.Constant(StepKind.Reserve)), (6, Gen.Constant(StepKind.Settle)), (2, Gen.Constant(StepKind.Tend)),
            (1, Gen.Constant(StepKind.Crash)), (1, Gen.Constant(StepKind.Wait)), (1, Gen.Constant(StepKind.Recover)),
            (1, Gen.Constant(StepKind.Close)))
        from who in Gen.Choose(0, 2)
        from amount in Gen.Choose(0, 100)
        select new Step(kind, who, amount)).ToArbitrary();
}

internal enum StepKind
{
    Reserve,
    Settle,
    Tend,
    Crash,
    Wait,
    Recover,
    Close,
}

/// <summary>
/// Three gateways that share one store and are made to do anything in any order, crashes included, while what providers really charge is added up
/// beside them: a call in flight when its gateway crashes may have cost all that was set aside.
/// </summary>
internal sealed class LedgerMachine(ILedgerStore store, ManualClock clock, long limit)
{
    public static readonly IReadOnlyList<ScopeLimit> Scopes = [new("run:1", "run:1", null), new("team:7:day:2026-11-20", "team:7:day", null)];

    private readonly BudgetLedger[] gateways = new BudgetLedger[3];
    private readonly BudgetAccount[] accounts = new BudgetAccount[3];
    private readonly List<Reservation>[] open = [[], [], []];
    private long charged;
    private long atMost;

    /// <summary>What providers charged for certain.</summary>
    public long Charged => charged;

    /// <summary>What providers may have charged: crashed calls at their worst.</summary>
    public long AtMost => atMost;

    public int Granted { get; private set; }

    public bool HasCrashed { get; private set; }

    public async Task StartAsync()
    {
        await store.DeclareAsync([.. Scopes.Select(s => s with { Limit = new Money(limit) })], default);

        for (var i = 0; i < gateways.Length; i++)
        {
            Begin(i);
        }
    }

    /// <summary>Returns what is wrong, or null.</summary>
    public async Task<string?> RunAsync(IEnumerable<Step> steps)
    {
        foreach (var step in steps)
        {
            await DoAsync(step);
            var inFlight = open.Sum(o => o.Sum(r => r.Amount.Nanodollars));

            if (atMost + inFlight > limit)
            {
                return $"{step}: {atMost} may be charged and {inFlight} are in flight of {limit}";
            }
        }

        return null;
    }

    /// <summary>Everything ends in order; what crashed expires.</summary>
    public async Task<IReadOnlyList<ScopeState>> FinishAsync()
    {
        for (var i = 0; i < gateways.Length; i++)
        {
            while (open[i].Count > 0)
            {
                await DoAsync(new Step(StepKind.Settle, i, 50));
            }

            await gateways[i].DisposeAsync();
        }

        clock.Advance(TimeSpan.FromMinutes(5));
        await store.SettleExpiredAsync(clock.GetUtcNow(), default);
        return await store.ExchangeAsync([.. Scopes.Select(s => new Exchange(s.Key, "look", 0, 0, 0, 0, 0))], clock.GetUtcNow(), default);
    }

    private void Begin(int who)
    {
        gateways[who] = new BudgetLedger(store, clock);
        accounts[who] = gateways[who].Open(Scopes);
    }

    private async Task DoAsync(Step step)
    {
        var who = step.Who;

        switch (step.Kind)
        {
            case StepKind.Reserve:
                var want = new Money((step.Amount + 1) * limit / 150);
                var outcome = await gateways[who].ReserveAsync(accounts[who], "m1", want, new Money((want.Nanodollars + 3) / 4), TimeSpan.Zero, default);

                if (outcome is ReserveOutcome.Granted granted)
                {
                    open[who].Add(granted.Reservation);
                    Granted++;
                }

                break;
            case StepKind.Settle when open[who].Count > 0:
                var reservation = open[who][step.Amount % open[who].Count];
                var cost = reservation.Amount.Nanodollars * step.Amount / 100;
                open[who].Remove(reservation);
                charged += cost;
                atMost += cost;
                gateways[who].Settle(reservation, new Money(cost));
                break;
            case StepKind.Tend:
                await gateways[who].TendAsync(default);
                break;
            case StepKind.Crash:
                atMost += open[who].Sum(r => r.Amount.Nanodollars);
                open[who].Clear();
                HasCrashed = true;
                Begin(who);
                break;
            case StepKind.Wait:
                clock.Advance(TimeSpan.FromSeconds(step.Amount));
                break;
            case StepKind.Recover:
                // A gateway that was still for longer than a block lives counts as crashed, too.
                HasCrashed |= await gateways[who].SettleCrashedAsync(default) > 0;
                break;
            case StepKind.Close:
                await gateways[who].CloseAsync(accounts[who], default);
                accounts[who] = gateways[who].Open(Scopes);
                break;
        }
    }
}

internal sealed class ManualClock : TimeProvider
{
    private DateTimeOffset now = new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => now;

    public override long GetTimestamp() => now.UtcTicks;

    public void Advance(TimeSpan by) => now += by;
}
