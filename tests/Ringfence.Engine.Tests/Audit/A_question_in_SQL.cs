using Ringfence.Audit;
using Ringfence.Tests.Storage;
using Xunit;

namespace Ringfence.Tests.Audit;

public sealed class A_question_in_SQL_to_SQLite() : A_question_in_SQL(null);

public sealed class A_question_in_SQL_to_PostgreSQL(PostgresCluster postgres) : A_question_in_SQL(postgres);

public abstract class A_question_in_SQL(PostgresCluster? postgres) : StoreTest(postgres)
{
    [Theory]
    [InlineData("delete from runs")]
    [InlineData("select 1; delete from runs")]
    [InlineData("commit; delete from runs")]
    [InlineData("select 1) as q; commit; delete from runs; select * from (select 1")]
    [InlineData("pragma query_only = off; delete from runs")]
    [InlineData("set transaction read write; delete from runs")]
    [InlineData("with gone as (delete from runs returning id) select * from gone")]
    [InlineData("attach database '/tmp/x' as x")]
    [InlineData("nonsense")]
    [InlineData("")]
    public async Task Changes_nothing_however_it_is_written(string sql)
    {
        var database = await OpenAsync();
        await database.ExecuteAsync("insert into runs (id, status, created_us) values ('a', 'queued', 1)", Cancel);

        var answer = await new AuditSql(database).AskAsync(sql, 10, TimeSpan.FromSeconds(20), Cancel);

        Assert.True(answer.IsFailure || sql.StartsWith("select", StringComparison.Ordinal) || sql.Length == 0);
        Assert.Equal(1, await database.QuerySingleAsync("select count(*) from runs", row => row.GetInt64(0), Cancel));
        await database.ExecuteAsync("update runs set turns = 1", Cancel);
    }

    [Fact]
    public async Task Is_answered_up_to_a_number_of_rows()
    {
        var database = await OpenAsync();
        await database.ExecuteAsync("insert into runs (id, status, created_us) values ('a', 'queued', 1), ('b', 'queued', 2), ('c', 'queued', 3)", Cancel);

        var answer = (await new AuditSql(database).AskAsync("select run, created_us from audit_runs order by run -- the oldest", 2, TimeSpan.FromSeconds(20), Cancel)).Value;

        Assert.Equal(["run", "created_us"], answer.Columns);
        Assert.Equal([["a", 1L], ["b", 2L]], answer.Rows);
        Assert.True(answer.More);
    }

    [Fact]
    public async Task Is_broken_off_when_its_time_is_over() => Assert.Equal(
        "sql_timeout",
        (await new AuditSql(await OpenAsync()).AskAsync(
            "with recursive c(x) as (select 1 union all select x + 1 from c) select count(*) from c", 1, TimeSpan.FromMilliseconds(200), Cancel)).Failures[0].Code);
}
