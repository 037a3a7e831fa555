using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Ringfence.Storage;

/// <summary>UTF-8 that goes into a text column as it is.</summary>
internal readonly record struct Utf8Text(byte[] Bytes);

/// <summary>
/// Many rows by one statement of the library itself: the driver makes objects for every parameter of every row, which costs more than the insertion.
/// </summary>
internal static class SqliteInsert
{
    public static void Run(SqliteConnection connection, string table, IReadOnlyList<string> columns, IEnumerable<object?[]> rows)
    {
        var handle = connection.Handle!;
        var sql = $"insert into {table} ({string.Join(", ", columns)}) values ({string.Join(", ", columns.Select(_ => "?"))})";
        SqliteException.ThrowExceptionForRC(raw.sqlite3_prepare_v2(handle, sql, out var statement), handle);

        using (statement)
        {
            foreach (var row in rows)
            {
                for (var i = 0; i < row.Length; i++)
                {
                    Bind(statement, i + 1, row[i]);
                }

                if (raw.sqlite3_step(statement) is var step && step != raw.SQLITE_DONE)
                {
                    SqliteException.ThrowExceptionForRC(step, handle);
                }

                raw.sqlite3_reset(statement);
            }
        }
    }

    private static void Bind(sqlite3_stmt statement, int index, object? value)
    {
        switch (value)
        {
            case null:
                raw.sqlite3_bind_null(statement, index);
                break;
            case long number:
                raw.sqlite3_bind_int64(statement, index, number);
                break;
            case string text:
                raw.sqlite3_bind_text(statement, index, text);
                break;
            case Utf8Text text:
                raw.sqlite3_bind_text(statement, index, text.Bytes);
                break;
            case byte[] bytes:
                raw.sqlite3_bind_blob(statement, index, bytes);
                break;
            default:
                throw new ArgumentException($"A row cannot hold {value.GetType()}.", nameof(value));
        }
    }
}
