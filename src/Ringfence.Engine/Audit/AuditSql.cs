using System.Data.Common;
using Microsoft.Data.Sqlite;
using Npgsql;
using Ringfence.Storage;
using SQLitePCL;

namespace Ringfence.Audit;

/// <summary>
/// A question in SQL that can only read. SQLite asks us about each thing that a statement would do, and gets no for all but reading; PostgreSQL gets
/// it as a part of one statement in a read-only transaction. It is broken off when its time is over.
/// </summary>
public sealed class AuditSql(Database database)
{
    /// <remarks>Failures: <c>sql_failed</c>, <c>sql_timeout</c>.</remarks>
    public async Task<Result<AuditTable>> AskAsync(string sql, int limit, TimeSpan time, CancellationToken cancellationToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        over.CancelAfter(time);
        Result<AuditTable> answer = new Failure("sql_failed", "The question was not asked.");

        try
        {
            await database.WithReaderAsync(
                async session => answer = await (session.Connection is SqliteConnection sqlite
                    ? Task.Run(() => Ask(sqlite, sql, limit, over.Token), CancellationToken.None)
                    : AskAsync((NpgsqlConnection)session.Connection, sql, limit, time, over.Token)),
                cancellationToken);
            return answer;
        }
        catch (Exception exception) when (exception is DbException or OperationCanceledException or InvalidOperationException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return over.IsCancellationRequested || exception is PostgresException { SqlState: PostgresErrorCodes.QueryCanceled }
                ? new Failure("sql_timeout", $"The question took longer than {Duration.Show(time)}.", "Narrow it, or allow more: --seconds N.")
                : new Failure("sql_failed", exception.Message);
        }
    }

    private static Result<AuditTable> Ask(SqliteConnection connection, string sql, int limit, CancellationToken over)
    {
        // The driver does not cancel; the library does, from its own callback.
        raw.sqlite3_progress_handler(connection.Handle, 10_000, _ => over.IsCancellationRequested ? 1 : 0, null);
        raw.sqlite3_set_authorizer(connection.Handle, static (object _, int action, string _, string _, string _, string _) => IsReading(action) ? 0 : raw.SQLITE_DENY, null);

        try
        {
            using var command = connection.CreateCommand();
            command.CommandText = sql;
            using var reader = command.ExecuteReader();
            return Read(reader, limit, reader.Read);
        }
        finally
        {
            raw.sqlite3_progress_handler(connection.Handle, 0, null, null);
            raw.sqlite3_set_authorizer(connection.Handle, (strdelegate_authorizer?)null, null);
        }
    }

    private static async Task<Result<AuditTable>> AskAsync(NpgsqlConnection connection, string sql, int limit, TimeSpan time, CancellationToken over)
    {
        // A second statement could end the read-only transaction. With a numbered parameter the driver sends the text as it is, and the server takes
        // one statement; the line break keeps a comment at the end from swallowing ours.
        await using var transaction = await connection.BeginTransactionAsync(over);
        await using (var set = new NpgsqlCommand(
            FormattableString.Invariant($"set transaction read only; set local statement_timeout = {(long)time.TotalMilliseconds}"), connection, transaction))
        {
            await set.ExecuteNonQueryAsync(over);
        }

        await using var command = new NpgsqlCommand($"select * from (\n{sql}\n) as question limit $1", connection, transaction) { Parameters = { new() { Value = limit + 1L } } };
        await using var reader = await command.ExecuteReaderAsync(over);
        return Read(reader, limit, reader.Read);
    }

    private static bool IsReading(int action) => action is raw.SQLITE_SELECT or raw.SQLITE_READ or raw.SQLITE_FUNCTION or raw.SQLITE_RECURSIVE;

    private static AuditTable Read(DbDataReader reader, int limit, Func<bool> next)
    {
        var columns = Enumerable.Range(0, reader.FieldCount).Select(reader.GetName).ToList();
        var rows = new List<IReadOnlyList<object?>>();
        var more = false;

        while (next())
        {
            if (rows.Count == limit)
            {
                more = true;
                break;
            }

            rows.Add([.. Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? null : reader.GetValue(i))]);
        }

        return new AuditTable(columns, rows, more);
    }
}
