using Ringfence.Budgets;
using Ringfence.Runs;
using Ringfence.Storage;
using Ringfence.Tests.Storage;
using Xunit;

namespace Ringfence.Tests.Budgets;

public sealed class The_books_of_a_gateway_that_died_in_SQLite() : The_books_of_a_gateway_that_died(null);

public sealed class The_books_of_a_gateway_that_died_in_PostgreSQL(PostgresCluster postgres) : The_books_of_a_gateway_that_died(postgres);

/// <summary>What was settled counts as it was, what was in flight with all that was set aside, and what was only held not at all.</summary>
public abstract class The_books_of_a_gateway_that_died(PostgresCluster? postgres) : StoreTest(postgres)
{
    /// <summary>A process that is gone: process ids come round again, starting times do not.</summary>
    private static readonly WorkerId Dead = WorkerId.Current with { StartTicks = 1 };

    private const string Shared = "organisation:default:day";

    [Fact]
    public async Task Come_to_exactly_what_the_records_say()
    {
        var database = await OpenAsync();
        var gateway = new BudgetLedger(new SqlLedgerStore(database, TimeProvider.System), TimeProvider.System, Dead);
        var (first, second) = (new RunId("0000000000000001"), new RunId("0000000000000002"));
        List<ChargedCall> ofFirst = [await CallAsync(gateway, first, 900, 120), await CallAsync(gateway, first, 900, 130)];
        List<ChargedCall> ofSecond = [await CallAsync(gateway, second, 700, 50)];

        // Booked until here. What follows died with the process, one call in the middle.
        await gateway.TendAsync(Cancel);
        ofFirst.Add(await CallAsync(gateway, first, 800, 7));
        ofSecond.Add(await CallAsync(gateway, second, 600, settled: null));
        await RunOfAsync(database, second);
        var recovery = new BudgetRecovery(database);

        await recovery.BookAsync(first, ofFirst, Cancel);
        await recovery.BookAsync(first, ofFirst, Cancel);
        await recovery.ReleaseAsync(new HashSet<string>(), Cancel);
        var between = await BalanceAsync(database, Shared);
        await recovery.BookAsync(second, ofSecond, Cancel);
        await database.ExecuteAsync("update runs set worker = null", Cancel);
        await recovery.ReleaseAsync(new HashSet<string>(), Cancel);

        Assert.True(between.Held > Money.Zero, "What the other run had spent was not booked yet.");
        Assert.Equal((257, 0), Of(await BalanceAsync(database, $"run:{first}")));
        Assert.Equal((650, 0), Of(await BalanceAsync(database, $"run:{second}")));
        Assert.Equal((907, 0), Of(await BalanceAsync(database, Shared)));
    }

    [Fact]
    public async Task Count_a_block_as_spent_when_no_record_tells_of_it()
    {
        var clock = new ManualClock();
        var database = await OpenAsync(clock);
        var gateway = new BudgetLedger(new SqlLedgerStore(database, clock), clock, Dead);
        var account = gateway.Open([new ScopeLimit("key:1", "key:1", new Money(1000))]);
        await gateway.ReserveAsync(account, "m1", new Money(400), new Money(400), TimeSpan.Zero, Cancel);
        var held = (await BalanceAsync(database, "key:1")).Held;

        await new BudgetRecovery(database).ReleaseAsync(new HashSet<string> { Dead.ToString() }, Cancel);
        clock.Advance(TimeSpan.FromMinutes(5));
        await new BudgetLedger(new SqlLedgerStore(database, clock), clock).SettleCrashedAsync(Cancel);

        Assert.True(held >= new Money(400));
        Assert.Equal((held.Nanodollars, 0), Of(await BalanceAsync(database, "key:1")));
    }

    [Fact]
    public async Task Are_left_to_the_recovery_of_its_runs_however_long_that_takes()
    {
        var clock = new ManualClock();
        var database = await OpenAsync(clock);
        var run = new RunId("0000000000000001");
        await CallAsync(new BudgetLedger(new SqlLedgerStore(database, clock), clock, Dead with { Boot = "another-machine" }), run, 900, 120);
        await RunOfAsync(database, run, Dead with { Boot = "another-machine" });
        clock.Advance(TimeSpan.FromMinutes(5));

        await new BudgetLedger(new SqlLedgerStore(database, clock), clock).SettleCrashedAsync(Cancel);
        var before = await BalanceAsync(database, Shared);
        await database.ExecuteAsync("update runs set worker = null", Cancel);
        await new BudgetRecovery(database).ReleaseAsync(new HashSet<string> { (Dead with { Boot = "another-machine" }).ToString() }, Cancel);

        Assert.True(before.Held > Money.Zero);
        Assert.Equal((0, 0), Of(await BalanceAsync(database, Shared)));
    }

    private static async Task<ChargedCall> CallAsync(BudgetLedger gateway, RunId run, long reserved, long? settled)
    {
        var account = gateway.Open([new ScopeLimit($"run:{run}", $"run:{run}", new Money(100_000)), new ScopeLimit(Shared, Shared, null)], isOnRecord: true);
        var granted = Assert.IsType<ReserveOutcome.Granted>(await gateway.ReserveAsync(account, "m", new Money(reserved), new Money(reserved), TimeSpan.Zero, Cancel));

        if (settled is { } spent)
        {
            gateway.Settle(granted.Reservation, new Money(spent));
        }

        return new ChargedCall([.. account.Scopes.Select(scope => scope.Key)], settled ?? reserved);
    }

    private static Task RunOfAsync(Database database, RunId run, WorkerId? worker = null) => database.ExecuteAsync(
        "insert into runs (id, status, created_us, worker) values (@id, 'running', 1, @worker)", Cancel, ("id", run), ("worker", (worker ?? Dead).ToString()));

    private static async Task<ScopeBalance> BalanceAsync(Database database, string scope) =>
        (await new BudgetBook(database, TimeProvider.System).ListAsync(null, Cancel)).Single(balance => balance.Key == scope);

    private static (long Spent, long Held) Of(ScopeBalance balance) => (balance.Spent.Nanodollars, balance.Held.Nanodollars);
}
