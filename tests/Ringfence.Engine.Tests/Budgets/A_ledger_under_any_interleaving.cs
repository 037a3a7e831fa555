using FsCheck;
using FsCheck.Fluent;
using Ringfence.Budgets;
using Ringfence.Storage;
using Ringfence.Tests.Storage;
using Xunit;

namespace Ringfence.Tests.Budgets;

/// <summary>The promise of the ledger, tried with random steps of three gateways, crashes included.</summary>
public sealed class A_ledger_under_any_interleaving
{
    private const long Limit = 5_000_000_000;

    [Fact]
    public void Never_lets_more_be_charged_than_the_limit() => Try(async (machine, steps) =>
    {
        Assert.Null(await machine.RunAsync(steps));
    });

    [Fact]
    public void Never_books_less_than_was_charged_and_never_leaks_a_reservation() => Try(async (machine, steps) =>
    {
        Assert.Null(await machine.RunAsync(steps));

        foreach (var scope in await machine.FinishAsync())
        {
            Assert.Equal(0, scope.Held);
            Assert.InRange(scope.Spent, machine.Charged, Limit);

            // Without a crash the books are exact.
            Assert.True(machine.HasCrashed || scope.Spent == machine.Charged);
        }
    });

    private static void Try(Func<LedgerMachine, Step[], Task> property) => Prop.ForAll(Step.Any, steps =>
    {
        var clock = new ManualClock();
        var machine = new LedgerMachine(new MemoryLedgerStore(), clock, Limit);
        machine.StartAsync().GetAwaiter().GetResult();
        property(machine, steps).GetAwaiter().GetResult();
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(3000).WithEndSize(120));
}

/// <summary>The same on real databases, with fewer tries.</summary>
public abstract class A_ledger_on_a_database(PostgresCluster? postgres) : StoreTest(postgres)
{
    private const long Limit = 5_000_000_000;

    [Fact]
    public async Task Holds_its_limit_and_its_books_under_random_interleavings()
    {
        var clock = new ManualClock();
        var database = await OpenAsync(clock);

        Prop.ForAll(Step.Any, steps => HoldAsync(database, clock, steps).GetAwaiter().GetResult())
            .Check(Config.QuickThrowOnFailure.WithMaxTest(12).WithStartSize(60).WithEndSize(120));
    }

    [Fact]
    public async Task Shared_by_two_gateways_at_once_is_never_overspent()
    {
        await using var one = new BudgetLedger(new SqlLedgerStore(await OpenAsync(), TimeProvider.System), TimeProvider.System);
        await using var other = new BudgetLedger(new SqlLedgerStore(await OpenAsync(), TimeProvider.System), TimeProvider.System);
        var scopes = LedgerMachine.Scopes.Select(s => s with { Limit = new Money(1_000) }).ToList();
        var accounts = new[] { one.Open(scopes), other.Open(scopes) };
        var spent = 0L;

        await Task.WhenAll(Enumerable.Range(0, 40).Select(async i =>
        {
            var ledger = i % 2 == 0 ? one : other;

            if (await ledger.ReserveAsync(accounts[i % 2], "m", new Money(100), new Money(100), TimeSpan.FromSeconds(1), Cancel) is ReserveOutcome.Granted granted)
            {
                await Task.Yield();
                Interlocked.Add(ref spent, 100);
                ledger.Settle(granted.Reservation, new Money(100));
            }
        }));

        Assert.InRange(spent, 100, 1_000);
    }

    private static async Task HoldAsync(Database database, ManualClock clock, Step[] steps)
    {
        await database.ExecuteAsync("delete from budget_scopes", Cancel);
        await database.ExecuteAsync("delete from budget_blocks", Cancel);
        var machine = new LedgerMachine(new SqlLedgerStore(database, clock), clock, Limit);
        await machine.StartAsync();
        Assert.Null(await machine.RunAsync(steps));

        foreach (var scope in await machine.FinishAsync())
        {
            Assert.Equal(0, scope.Held);
            Assert.InRange(scope.Spent, machine.Charged, Limit);
            Assert.True(machine.HasCrashed || scope.Spent == machine.Charged);
        }
    }
}

public sealed class A_ledger_on_sqlite() : A_ledger_on_a_database(null);

public sealed class A_ledger_on_postgres(PostgresCluster postgres) : A_ledger_on_a_database(postgres);
