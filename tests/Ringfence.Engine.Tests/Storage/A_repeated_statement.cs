using Xunit;

namespace Ringfence.Tests.Storage;

public abstract class A_repeated_statement(PostgresCluster? postgres) : StoreTest(postgres)
{
    [Fact]
    public async Task Takes_the_parameters_of_each_run()
    {
        var database = await OpenAsync();

        var read = await database.InTransactionAsync(
            async transaction =>
            {
                var values = new List<long>();

                for (var i = 0L; i < 6; i++)
                {
                    values.Add(await transaction.QuerySingleAsync("select cast(@value as bigint)", row => row.GetInt64(0), Cancel, ("value", i)));
                }

                return values;
            },
            Cancel);

        Assert.Equal([0, 1, 2, 3, 4, 5], read);
    }
}

public sealed class A_repeated_statement_on_sqlite() : A_repeated_statement(null);

public sealed class A_repeated_statement_on_postgres(PostgresCluster postgres) : A_repeated_statement(postgres);
