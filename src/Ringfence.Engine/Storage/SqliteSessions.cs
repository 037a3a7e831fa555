using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Ringfence.Storage;

/// <summary>
/// One writer and any number of readers. SQLite allows one writer at a time; queueing for it here is fair and prompt, where its own waiting sleeps
/// and retries. That waiting is left for other processes.
/// </summary>
internal sealed class SqliteSessions(string file) : SessionSource
{
    // "RFNC": tells our files from any other SQLite database.
    public const long ApplicationId = 0x52464E43;

    private readonly SemaphoreSlim writing = new(1, 1);
    private readonly ConcurrentBag<Session> readers = [];
    private Session? writer;

    public override Dialect Dialect => Dialect.Sqlite;

    public static Result<SessionSource> Create(string home)
    {
        if (SqliteLibrary.Ensure() is { } unusable)
        {
            return unusable;
        }

        try
        {
            Directory.CreateDirectory(home, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new Failure("database_unavailable", $"The folder {home} cannot be used: {exception.Message}", "Set RINGFENCE_HOME to a folder that you may write.");
        }

        return new SqliteSessions(Path.Combine(home, "ringfence.db"));
    }

    public override async ValueTask<Rented> RentReaderAsync(CancellationToken cancellationToken) =>
        new(readers.TryTake(out var idle) ? idle : await OpenAsync("pragma query_only = on", cancellationToken), GiveBackReader);

    public override async ValueTask<Rented> RentWriterAsync(CancellationToken cancellationToken)
    {
        await writing.WaitAsync(cancellationToken);

        try
        {
            // FULL: a commit that was acknowledged outlives power loss. Secure delete: purged keys and content are overwritten. A longer log and
            // more memory (64 MiB): a page that many commits touch is read, and carried into the file, once for all of them.
            writer ??= await OpenAsync("pragma synchronous = full; pragma secure_delete = on; pragma wal_autocheckpoint = 8000; pragma cache_size = -65536", cancellationToken);
            return new Rented(writer, GiveBackWriter);
        }
        catch
        {
            writing.Release();
            throw;
        }
    }

    public override Failure Explain(Exception exception) => exception is SqliteException { SqliteErrorCode: raw.SQLITE_NOTADB or raw.SQLITE_CORRUPT }
        ? new Failure("database_corrupt", $"{file} is damaged or not a database.", "Move it away and restore a backup, or start with a new one.")
        : new Failure("database_unavailable", $"{file} cannot be opened: {exception.Message}");

    public override async ValueTask DisposeAsync()
    {
        while (readers.TryTake(out var reader))
        {
            await reader.DisposeAsync();
        }

        if (writer is not null)
        {
            await writer.DisposeAsync();
        }

        writing.Dispose();
    }

    private async Task<Session> OpenAsync(string pragmas, CancellationToken cancellationToken)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Pooling = false }.ToString());

        try
        {
            await connection.OpenAsync(cancellationToken);
            await using var command = connection.CreateCommand();
            command.CommandText = $"pragma busy_timeout = 10000; pragma journal_mode = wal; pragma mmap_size = 2147418112; {pragmas}";
            await command.ExecuteNonQueryAsync(cancellationToken);
            return new Session(connection);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    private ValueTask GiveBackReader(Session session)
    {
        readers.Add(session);
        return ValueTask.CompletedTask;
    }

    private ValueTask GiveBackWriter(Session session)
    {
        writing.Release();
        return ValueTask.CompletedTask;
    }
}
