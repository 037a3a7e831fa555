using System.Data.Common;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Ringfence.Storage;

/// <summary>
/// A transaction on a session; undone when disposed before its commit. On SQLite the statements are our own: when the disk is full SQLite has
/// rolled back already, and the driver's transaction, which rolls back again, hides that reason behind an error of its own.
/// </summary>
internal sealed class SessionTransaction : IAsyncDisposable
{
    private readonly SqliteConnection? sqlite;

    private SessionTransaction(SqliteConnection? sqlite, DbTransaction? inner)
    {
        this.sqlite = sqlite;
        Inner = inner;
    }

    /// <summary>What commands must be told; null on SQLite.</summary>
    public DbTransaction? Inner { get; }

    public static async Task<SessionTransaction> BeginAsync(Session session, CancellationToken cancellationToken)
    {
        if (session.Connection is not SqliteConnection sqlite)
        {
            return new(null, await session.Connection.BeginTransactionAsync(cancellationToken));
        }

        // Immediate: the right to write is taken now, not in the middle, where waiting for it would fail.
        await session.ExecuteAsync("begin immediate", null, [], cancellationToken);
        return new(sqlite, null);
    }

    public async Task CommitAsync(Session session, CancellationToken cancellationToken)
    {
        if (Inner is not null)
        {
            await Inner.CommitAsync(cancellationToken);
            return;
        }

        await session.ExecuteAsync("commit", null, [], CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        if (Inner is not null)
        {
            await Inner.DisposeAsync();
        }
        else if (sqlite?.Handle is { } handle && raw.sqlite3_get_autocommit(handle) == 0)
        {
            raw.sqlite3_exec(handle, "rollback");
        }
    }
}
