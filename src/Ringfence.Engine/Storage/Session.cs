using System.Data.Common;
using Microsoft.Data.Sqlite;
using Npgsql;
using Ringfence.Runs;

namespace Ringfence.Storage;

/// <summary>
/// One open connection and the statements prepared on it. Used by one caller at a time. Preparing a statement costs more than running it, so the
/// commands are kept; the SQL texts are constants of the program, so that there are not many.
/// </summary>
internal sealed class Session(DbConnection connection) : IAsyncDisposable
{
    private const int MostCommands = 256;

    private readonly Dictionary<string, DbCommand> commands = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SqliteRows> rows = new(StringComparer.Ordinal);

    public DbConnection Connection => connection;

    public async Task<int> ExecuteAsync(
        string sql, DbTransaction? transaction, (string Name, object? Value)[] parameters, CancellationToken cancellationToken) =>
        await Command(sql, transaction, parameters).ExecuteNonQueryAsync(cancellationToken);

    public async Task<IReadOnlyList<int>> ExecuteManyAsync(
        string sql, DbTransaction? transaction, IReadOnlyList<(string Name, object? Value)[]> parameters, CancellationToken cancellationToken)
    {
        var changed = new int[parameters.Count];

        if (connection is not NpgsqlConnection)
        {
            for (var i = 0; i < changed.Length; i++)
            {
                changed[i] = await ExecuteAsync(sql, transaction, parameters[i], cancellationToken);
            }

            return changed;
        }

        await using var batch = connection.CreateBatch();
        batch.Transaction = transaction;

        foreach (var set in parameters)
        {
            var command = batch.CreateBatchCommand();
            command.CommandText = sql;

            foreach (var (name, value) in set)
            {
                command.Parameters.Add(new NpgsqlParameter("@" + name, Plain(value)));
            }

            batch.BatchCommands.Add(command);
        }

        await batch.ExecuteNonQueryAsync(cancellationToken);

        for (var i = 0; i < changed.Length; i++)
        {
            changed[i] = batch.BatchCommands[i].RecordsAffected;
        }

        return changed;
    }

    public async Task<IReadOnlyList<T>> QueryAsync<T>(
        string sql, DbTransaction? transaction, Func<DbDataReader, T> read, int most, (string Name, object? Value)[] parameters,
        CancellationToken cancellationToken)
    {
        await using var reader = await Command(sql, transaction, parameters).ExecuteReaderAsync(cancellationToken);
        var rows = new List<T>();

        while (rows.Count < most && await reader.ReadAsync(cancellationToken))
        {
            rows.Add(read(reader));
        }

        return rows;
    }

    /// <summary>The statement that adds rows to a table, on SQLite. One list of columns for each table.</summary>
    public SqliteRows Rows(string table, IReadOnlyList<string> columns)
    {
        if (!rows.TryGetValue(table, out var insert))
        {
            rows.Add(table, insert = new SqliteRows((SqliteConnection)connection, table, columns));
        }

        return insert;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var insert in rows.Values)
        {
            insert.Dispose();
        }

        foreach (var command in commands.Values)
        {
            await command.DisposeAsync();
        }

        await connection.DisposeAsync();
    }

    private DbCommand Command(string sql, DbTransaction? transaction, (string Name, object? Value)[] parameters)
    {
        // Npgsql prepares by text and needs no help; a command of its that is used again sends the parameters of its earlier use.
        var keeps = connection is not NpgsqlConnection;

        if (!keeps || !commands.TryGetValue(sql, out var command))
        {
            command = connection.CreateCommand();
            command.CommandText = sql;

            if (keeps && commands.Count < MostCommands)
            {
                commands.Add(sql, command);
            }
        }

        command.Transaction = transaction;
        command.Parameters.Clear();

        foreach (var (name, value) in parameters)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = "@" + name;
            parameter.Value = Plain(value);
            command.Parameters.Add(parameter);
        }

        return command;
    }

    /// <summary>Integers for money and time, whatever the type that carries them.</summary>
    private object Plain(object? value) => value switch
    {
        null => DBNull.Value,
        bool flag => flag ? 1L : 0L,
        int number => (long)number,
        Money money => money.Nanodollars,
        DateTimeOffset time => time.ToUnixTimeMicroseconds(),
        RunId run => run.Value,
        ReadOnlyMemory<byte> bytes when connection is not NpgsqlConnection => bytes.ToArray(),
        _ => value,
    };
}
