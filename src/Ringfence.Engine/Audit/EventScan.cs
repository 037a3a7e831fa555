using Microsoft.Data.Sqlite;
using Npgsql;
using Ringfence.Storage;
using SQLitePCL;

namespace Ringfence.Audit;

/// <summary>One stored event, valid during the call.</summary>
internal delegate void ScannedEvent(long chain, long seq, ReadOnlySpan<byte> body, ReadOnlySpan<byte> hash);

/// <summary>
/// Reads the events of a range of chains in order, for a caller that touches every byte of them. On SQLite straight from the pages: through the
/// driver, copying them would cost more than hashing them.
/// </summary>
internal static class EventScan
{
    private const string Range =
        "select chain, seq, body, hash from events where chain >= @first and chain <= @last order by chain, seq";

    public static Task RunAsync(Database database, long first, long last, ScannedEvent next, CancellationToken cancellationToken) =>
        database.WithReaderAsync(
            session =>
            {
                if (session.Connection is SqliteConnection sqlite)
                {
                    Read(sqlite, first, last, next, cancellationToken);
                    return Task.CompletedTask;
                }

                return ReadAsync((NpgsqlConnection)session.Connection, first, last, next, cancellationToken);
            },
            cancellationToken);

    private static void Read(SqliteConnection connection, long first, long last, ScannedEvent next, CancellationToken cancellationToken)
    {
        var handle = connection.Handle!;
        SqliteException.ThrowExceptionForRC(raw.sqlite3_prepare_v2(handle, Range, out var statement), handle);

        using (statement)
        {
            raw.sqlite3_bind_int64(statement, 1, first);
            raw.sqlite3_bind_int64(statement, 2, last);
            var step = SqliteColumns.Read(statement, next, cancellationToken);

            if (step != raw.SQLITE_DONE)
            {
                SqliteException.ThrowExceptionForRC(step, handle);
            }
        }
    }

    private static async Task ReadAsync(NpgsqlConnection connection, long first, long last, ScannedEvent next, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Range, connection) { Parameters = { new("first", first), new("last", last) } };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);

        while (await reader.ReadAsync(cancellationToken))
        {
            next(reader.GetInt64(0), reader.GetInt64(1), reader.GetFieldValue<byte[]>(2), reader.GetFieldValue<byte[]>(3));
        }
    }
}
