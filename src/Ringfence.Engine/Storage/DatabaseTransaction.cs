using System.Data.Common;

namespace Ringfence.Storage;

/// <summary>Statements that become durable together or not at all. Valid only inside the work it was given to.</summary>
public sealed class DatabaseTransaction
{
    private readonly Session session;
    private readonly DbTransaction transaction;

    internal DatabaseTransaction(Database database, Session session, DbTransaction transaction)
    {
        Database = database;
        this.session = session;
        this.transaction = transaction;
    }

    public Database Database { get; }

    /// <summary>Runs a statement and returns how many rows it changed.</summary>
    public Task<int> ExecuteAsync(string sql, CancellationToken cancellationToken, params (string Name, object? Value)[] parameters) =>
        session.ExecuteAsync(sql, transaction, parameters, cancellationToken);

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
}
