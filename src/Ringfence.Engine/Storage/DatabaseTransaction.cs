using System.Data.Common;
using Npgsql;

namespace Ringfence.Storage;

/// <summary>Statements that become durable together or not at all. Valid only inside the work it was given to.</summary>
public sealed class DatabaseTransaction
{
    private readonly Session session;
    private readonly DbTransaction? transaction;

    internal DatabaseTransaction(Database database, Session session, DbTransaction? transaction)
    {
        Database = database;
        this.session = session;
        this.transaction = transaction;
    }

    public Database Database { get; }

    /// <summary>Runs a statement and returns how many rows it changed.</summary>
    public Task<int> ExecuteAsync(string sql, CancellationToken cancellationToken, params (string Name, object? Value)[] parameters) =>
        session.ExecuteAsync(sql, transaction, parameters, cancellationToken);

    /// <summary>Runs one statement with many sets of parameters, in one round trip where there is a network between. Returns how many rows each changed.</summary>
    public Task<IReadOnlyList<int>> ExecuteManyAsync(
        string sql, IReadOnlyList<(string Name, object? Value)[]> parameters, CancellationToken cancellationToken) =>
        session.ExecuteManyAsync(sql, transaction, parameters, cancellationToken);

    /// <summary>Makes other transactions that lock the same number wait for the end of this one. On SQLite every writing transaction is alone anyway.</summary>
    public Task LockAsync(long number, CancellationToken cancellationToken) => session.Connection is NpgsqlConnection
        ? session.ExecuteAsync("select pg_advisory_xact_lock(@number)", transaction, [("number", number)], cancellationToken)
        : Task.CompletedTask;

    /// <summary>The first row, or default when there is none.</summary>
    public async Task<T?> QuerySingleAsync<T>(
        string sql, Func<DbDataReader, T> read, CancellationToken cancellationToken, params (string Name, object? Value)[] parameters)
    {
        var rows = await session.QueryAsync(sql, transaction, read, 1, parameters, cancellationToken);
        return rows.Count > 0 ? rows[0] : default;
    }

    public Task<IReadOnlyList<T>> QueryAsync<T>(
        string sql, Func<DbDataReader, T> read, CancellationToken cancellationToken, params (string Name, object? Value)[] parameters) =>
        session.QueryAsync(sql, transaction, read, int.MaxValue, parameters, cancellationToken);

    /// <summary>Adds many rows at the speed of the database: a prepared statement on SQLite, COPY on PostgreSQL.</summary>
    /// <param name="table">A name of ours: it stands in the statement as it is.</param>
    /// <param name="write">Gives the values of one row in the order of <paramref name="columns"/>.</param>
    public Task InsertAsync<T>(
        string table, IReadOnlyList<string> columns, IEnumerable<T> rows, Action<RowWriter, T> write, CancellationToken cancellationToken)
    {
        if (session.Connection is NpgsqlConnection postgres)
        {
            return PostgresRows.InsertAsync(postgres, table, columns, rows, write, cancellationToken);
        }

        session.Rows(table, columns).Insert(rows, write);
        return Task.CompletedTask;
    }
}
