using Npgsql;
using Ringfence.Storage;
using Xunit;

namespace Ringfence.Tests.Storage;

public sealed class A_database_in_SQLite() : A_database(null);

public sealed class A_database_in_PostgreSQL(PostgresCluster postgres) : A_database(postgres)
{
    [Fact]
    public async Task Waits_for_a_connection_that_the_server_gave_to_others()
    {
        await (await OpenAsync()).ExecuteAsync("create role few login connection limit 1 in role ringfence", Cancel);
        var url = (await UrlAsync())!.Replace("ringfence@", "few@", StringComparison.Ordinal);
        var first = (await Database.OpenAsync(url, Home, TimeProvider.System, Cancel)).Value;

        var second = Database.OpenAsync(url, Home, TimeProvider.System, Cancel);

        for (var i = 0; i < 5; i++)
        {
            var other = await first.QuerySingleAsync("select current_database()", row => row.GetString(0), Cancel);
            await using var refused = new NpgsqlConnection($"Host={url.Split("host=")[1]};Username=few;Database={other}");
            Assert.Equal(PostgresErrorCodes.TooManyConnections, (await Assert.ThrowsAsync<PostgresException>(() => refused.OpenAsync(Cancel))).SqlState);
        }

        await first.DisposeAsync();

        Assert.Empty((await second).Failures);
        await (await second).Value.DisposeAsync();
    }
}

public abstract class A_database(PostgresCluster? postgres) : StoreTest(postgres)
{
    [Fact]
    public async Task Keeps_what_was_written_for_the_next_one_who_opens_it()
    {
        var first = await OpenAsync();
        await first.ExecuteAsync("insert into runs (id, status, created_us) values (@id, 'queued', 1)", Cancel, ("id", "a"));

        var second = await OpenAsync();

        Assert.Equal("queued", await second.QuerySingleAsync("select status from runs where id = @id", r => r.GetString(0), Cancel, ("id", "a")));
        Assert.Null(await second.QuerySingleAsync("select status from runs where id = @id", r => r.GetString(0), Cancel, ("id", "b")));
    }

    [Fact]
    public async Task Undoes_a_transaction_that_throws()
    {
        var database = await OpenAsync();

        await Assert.ThrowsAsync<InvalidOperationException>(() => database.InTransactionAsync(
            async transaction =>
            {
                await transaction.ExecuteAsync("insert into runs (id, status, created_us) values ('a', 'queued', 1)", Cancel);
                throw new InvalidOperationException("stop");
            },
            Cancel));

        Assert.Equal(0, await database.QuerySingleAsync("select count(*) from runs", r => r.GetInt64(0), Cancel));
    }

    [Fact]
    public async Task Refuses_to_wait_for_its_own_transaction()
    {
        var database = await OpenAsync();

        await Assert.ThrowsAsync<InvalidOperationException>(() => database.InTransactionAsync(
            _ => database.ExecuteAsync("delete from runs", Cancel), Cancel));
    }

    [Fact]
    public async Task Loses_no_update_of_many_writers_on_two_handles()
    {
        var databases = new[] { await OpenAsync(), await OpenAsync() };
        await databases[0].ExecuteAsync("insert into runs (id, status, created_us) values ('a', 'queued', 1)", Cancel);

        await Parallel.ForEachAsync(Enumerable.Range(0, 100), Cancel, async (i, token) =>
            await databases[i % 2].ExecuteAsync("update runs set turns = turns + 1 where id = 'a'", token));

        Assert.Equal(100, await databases[0].QuerySingleAsync("select turns from runs", r => r.GetInt64(0), Cancel));
    }

    [Fact]
    public async Task Is_migrated_once_when_many_open_it_at_the_same_time()
    {
        var url = await UrlAsync();

        var opened = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => Database.OpenAsync(url, Home, TimeProvider.System, Cancel))));

        foreach (var result in opened)
        {
            Assert.Empty(result.Failures);
            await result.Value.DisposeAsync();
        }
    }

    [Fact]
    public async Task Keeps_integers_strings_bytes_and_times_exactly()
    {
        var database = await OpenAsync();
        var time = DateTimeOffset.UnixEpoch.AddTicks(1234567890);

        var row = await database.QuerySingleAsync(
            database.Dialect.Name == "sqlite"
                ? "select @number, @text, @bytes, @time, @flag"
                : "select @number::bigint, @text::text, @bytes::bytea, @time::bigint, @flag::bigint",
            r => (r.GetInt64(0), r.GetString(1), Convert.ToHexString(r.GetFieldValue<byte[]>(2)), r.GetInt64(3), r.GetInt64(4)),
            Cancel,
            ("number", long.MinValue), ("text", "é\u202e\n"), ("bytes", new byte[] { 0, 255 }), ("time", time), ("flag", true));

        Assert.Equal((long.MinValue, "é\u202e\n", "00FF", 123456789, 1), row);
    }
}
