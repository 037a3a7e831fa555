using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Ringfence.Storage;

/// <summary>Rows by one statement of the library itself, which is prepared once for its connection.</summary>
internal sealed class SqliteRows : RowWriter, IDisposable
{
    private readonly sqlite3 connection;
    private readonly sqlite3_stmt statement;
    private int next;

    public SqliteRows(SqliteConnection connection, string table, IReadOnlyList<string> columns)
    {
        this.connection = connection.Handle!;
        var sql = $"insert into {table} ({string.Join(", ", columns)}) values ({string.Join(", ", columns.Select(_ => "?"))})";
        SqliteException.ThrowExceptionForRC(raw.sqlite3_prepare_v3(this.connection, sql, raw.SQLITE_PREPARE_PERSISTENT, out statement), this.connection);
    }

    public void Insert<T>(IEnumerable<T> rows, Action<RowWriter, T> write)
    {
        foreach (var row in rows)
        {
            next = 0;
            write(this, row);
            var step = raw.sqlite3_step(statement);

            // Without the reset the statement would hold the transaction open.
            raw.sqlite3_reset(statement);

            if (step != raw.SQLITE_DONE)
            {
                SqliteException.ThrowExceptionForRC(step, connection);
            }
        }
    }

    public override void Integer(long value) => raw.sqlite3_bind_int64(statement, ++next, value);

    public override void Text(string value) => raw.sqlite3_bind_text(statement, ++next, value);

    public override void Text(ReadOnlyMemory<byte> utf8) => raw.sqlite3_bind_text(statement, ++next, utf8.Span);

    public override void Bytes(ReadOnlyMemory<byte> value) => raw.sqlite3_bind_blob(statement, ++next, value.Span);

    public void Dispose() => statement.Dispose();
}
