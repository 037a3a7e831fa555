using System.Data.Common;

namespace Ringfence.Storage;

/// <summary>
/// The store: SQLite in the home folder, or PostgreSQL. The same SQL with <c>@name</c> parameters runs on both; a statement that only reads starts
/// with <c>select</c> or <c>with</c>. Parameters may be integers, strings, booleans (kept as 0 and 1), bytes, <see cref="Money"/>,
/// <see cref="DateTimeOffset"/> (kept as microseconds) and <see cref="Runs.RunId"/>. Every integer column is a <c>bigint</c>, read with GetInt64; PostgreSQL wants literals and
/// sums cast: <c>cast(sum(x) as bigint)</c>. Safe to use from any thread, and from several processes at once.
/// A database that fails after it was opened throws <see cref="DbException"/>.
/// </summary>
public sealed class Database : IAsyncDisposable
{
    private const int MostAttempts = 8;

    private readonly SessionSource sessions;
    private readonly AsyncLocal<bool> insideTransaction = new();

    internal Database(SessionSource sessions, TimeProvider time)
    {
        this.sessions = sessions;
        Time = time;
    }

    public Dialect Dialect => sessions.Dialect;

    internal TimeProvider Time { get; }

    /// <summary>True while the caller runs inside <see cref="InTransactionAsync{T}"/>, where waiting for another writer would never end.</summary>
    internal bool IsInsideTransaction => insideTransaction.Value;

    /// <summary>Opens the store and brings it to this program's version.</summary>
    /// <param name="url"><c>postgres://user@host:port/name</c>, or null for SQLite in <paramref name="home"/>.</param>
    /// <param name="home">Folder for the SQLite file; created, readable for its owner alone, when it is not there.</param>
    /// <remarks>Failures: <c>database_url</c>, <c>database_unavailable</c>, <c>database_foreign</c>, <c>database_newer</c>, <c>database_corrupt</c>.</remarks>
    public static async Task<Result<Database>> OpenAsync(string? url, string home, TimeProvider time, CancellationToken cancellationToken)
    {
        var source = url is null ? SqliteSessions.Create(home) : PostgresSessions.Create(url);

        if (!source.Succeeded(out var sessions))
        {
            return Result.Fail<Database>(source.Failures);
        }

        try
        {
            if (await Migrations.ApplyAsync(sessions, time, cancellationToken) is { } failure)
            {
                await sessions.DisposeAsync();
                return failure;
            }
        }
        catch (Exception exception) when (exception is DbException or IOException or UnauthorizedAccessException)
        {
            await sessions.DisposeAsync();
            return sessions.Explain(exception);
        }

        return new Database(sessions, time);
    }

    /// <summary>Runs one statement, durable when this returns, and returns how many rows it changed.</summary>
    public Task<int> ExecuteAsync(string sql, CancellationToken cancellationToken, params (string Name, object? Value)[] parameters) =>
        WithAsync(sql, session => session.ExecuteAsync(sql, null, parameters, cancellationToken), cancellationToken);

    /// <summary>The first row, or default when there is none.</summary>
    public async Task<T?> QuerySingleAsync<T>(
        string sql, Func<DbDataReader, T> read, CancellationToken cancellationToken, params (string Name, object? Value)[] parameters)
    {
        var rows = await WithAsync(
            sql, session => session.QueryAsync(sql, null, read, 1, parameters, cancellationToken), cancellationToken);

        return rows.Count > 0 ? rows[0] : default;
    }

    public Task<IReadOnlyList<T>> QueryAsync<T>(
        string sql, Func<DbDataReader, T> read, CancellationToken cancellationToken, params (string Name, object? Value)[] parameters) =>
        WithAsync(sql, session => session.QueryAsync(sql, null, read, int.MaxValue, parameters, cancellationToken), cancellationToken);

    /// <summary>
    /// Runs work in one transaction: durable when this returns, undone when it throws. On SQLite it is the only writer meanwhile, so keep it short
    /// and do nothing in it but SQL. The work may run more than once when PostgreSQL reports a deadlock. Calling the database itself from
    /// inside would wait for ever and throws instead.
    /// </summary>
    public async Task<T> InTransactionAsync<T>(Func<DatabaseTransaction, Task<T>> work, CancellationToken cancellationToken)
    {
        ThrowIfInsideTransaction();

        for (var attempt = 1; ; attempt++)
        {
            await using var rented = await sessions.RentWriterAsync(cancellationToken);

            try
            {
                return await RunAsync(rented.Session, work, cancellationToken);
            }
            catch (DbException exception) when (attempt < MostAttempts && Dialect.IsTransient(exception))
            {
                // Again, on a fresh transaction.
            }
        }
    }

    public Task InTransactionAsync(Func<DatabaseTransaction, Task> work, CancellationToken cancellationToken) =>
        InTransactionAsync(
            async transaction =>
            {
                await work(transaction);
                return true;
            },
            cancellationToken);

    /// <summary>Lends a connection for reading, for what must be faster than rows through the driver.</summary>
    internal async Task WithReaderAsync(Func<Session, Task> use, CancellationToken cancellationToken)
    {
        ThrowIfInsideTransaction();
        await using var rented = await sessions.RentReaderAsync(cancellationToken);
        await use(rented.Session);
    }

    public ValueTask DisposeAsync() => sessions.DisposeAsync();

    private async Task<T> RunAsync<T>(Session session, Func<DatabaseTransaction, Task<T>> work, CancellationToken cancellationToken)
    {
        await using var transaction = await SessionTransaction.BeginAsync(session, cancellationToken);
        insideTransaction.Value = true;

        try
        {
            var result = await work(new DatabaseTransaction(this, session, transaction.Inner));
            await transaction.CommitAsync(session, cancellationToken);
            return result;
        }
        finally
        {
            insideTransaction.Value = false;
        }
    }

    private async Task<T> WithAsync<T>(string sql, Func<Session, Task<T>> use, CancellationToken cancellationToken)
    {
        ThrowIfInsideTransaction();
        var start = sql.AsSpan().TrimStart();
        var reads = start.StartsWith("select", StringComparison.OrdinalIgnoreCase) || start.StartsWith("with", StringComparison.OrdinalIgnoreCase);

        await using var rented = reads
            ? await sessions.RentReaderAsync(cancellationToken)
            : await sessions.RentWriterAsync(cancellationToken);

        return await use(rented.Session);
    }

    private void ThrowIfInsideTransaction()
    {
        if (insideTransaction.Value)
        {
            throw new InvalidOperationException("Inside a transaction, use the transaction.");
        }
    }
}
