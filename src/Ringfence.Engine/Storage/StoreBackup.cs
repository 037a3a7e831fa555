using System.Data.Common;
using System.Diagnostics;
using System.Formats.Tar;
using System.IO.Compression;

namespace Ringfence.Storage;

/// <summary>
/// The store in one file, while everything goes on: the database as it is at one moment, and the keys and settings of the home folder. Workspaces are not
/// in it: a run whose workspace is missing starts again from its repository.
/// </summary>
public static class StoreBackup
{
    private const string Sqlite = "ringfence.db";
    private const string Postgres = "ringfence.pgdump";
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Writes a backup, readable for its owner alone: it holds what the record holds, and signing keys.</summary>
    /// <param name="url">Address of the PostgreSQL store; null for SQLite.</param>
    /// <remarks>Failures: <c>file_exists</c>, <c>backup_failed</c>, <c>tool_missing</c> (pg_dump).</remarks>
    public static async Task<Result<long>> CreateAsync(Database database, string home, string? url, string file, CancellationToken cancellationToken)
    {
        if (File.Exists(file))
        {
            return new Failure("file_exists", $"{file} is there already.", "A backup replaces nothing: name a new file.");
        }

        var folder = Directory.CreateDirectory(file + ".new", OwnerOnly | UnixFileMode.UserExecute).FullName;

        try
        {
            if (url is null)
            {
                await database.ExecuteAsync("vacuum into @file", cancellationToken, ("file", Path.Combine(folder, Sqlite)));
            }
            else if (await RunAsync(["pg_dump", "--format=custom", $"--dbname={url}", $"--file={Path.Combine(folder, Postgres)}"], cancellationToken) is { } failed)
            {
                return failed;
            }

            foreach (var kept in Kept(home))
            {
                Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(folder, kept))!);
                File.Copy(Path.Combine(home, kept), Path.Combine(folder, kept));
            }

            var written = Path.Combine(folder, "backup.tar.gz");
            await using (var target = new FileStream(written, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnerOnly }))
            await using (var packed = new GZipStream(target, CompressionLevel.Fastest))
            await using (var tar = new TarWriter(packed))
            {
                foreach (var name in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Where(name => name != written))
                {
                    await tar.WriteEntryAsync(name, Path.GetRelativePath(folder, name), cancellationToken);
                }
            }

            // Whole or not there.
            File.Move(written, file);
            return new FileInfo(file).Length;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or DbException)
        {
            return new Failure("backup_failed", $"The backup cannot be written: {exception.Message}");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Puts a backup into a home that has no store, and into an empty PostgreSQL database when it is of one.</summary>
    /// <remarks>Failures: <c>store_exists</c>, <c>bad_backup</c>, <c>wrong_database</c>, <c>tool_missing</c> (pg_restore), <c>backup_failed</c>.</remarks>
    public static async Task<Failure?> RestoreAsync(string home, string? url, string file, CancellationToken cancellationToken)
    {
        if (File.Exists(Path.Combine(home, Sqlite)))
        {
            return new Failure("store_exists", $"{home} has a store already.", "Restore into an empty home: RINGFENCE_HOME=FOLDER ringfence restore FILE.");
        }

        try
        {
            var folder = Directory.CreateDirectory(Path.Combine(home, "restoring"), OwnerOnly | UnixFileMode.UserExecute).FullName;

            try
            {
                await using (var source = File.OpenRead(file))
                await using (var packed = new GZipStream(source, CompressionMode.Decompress))
                {
                    await TarFile.ExtractToDirectoryAsync(packed, folder, overwriteFiles: false, cancellationToken);
                }

                var dump = Path.Combine(folder, Postgres);

                if (File.Exists(dump) != url is not null)
                {
                    return new Failure("wrong_database", File.Exists(dump) ? "This backup is of a PostgreSQL store." : "This backup is of an SQLite store.",
                        File.Exists(dump) ? "Name an empty database: --database postgres://…" : "Leave out --database.");
                }

                if (url is not null && await RunAsync(["pg_restore", "--exit-on-error", "--no-owner", $"--dbname={url}", dump], cancellationToken) is { } failed)
                {
                    return failed;
                }

                File.Delete(dump);

                foreach (var name in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Select(name => Path.GetRelativePath(folder, name)).ToList())
                {
                    Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(home, name))!);
                    File.Move(Path.Combine(folder, name), Path.Combine(home, name));
                }

                return null;
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        }
        catch (Exception exception) when (exception is InvalidDataException or EndOfStreamException)
        {
            return new Failure("bad_backup", $"{file} is no backup of Ringfence, or damaged: {exception.Message}");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new Failure("backup_failed", $"The backup cannot be restored: {exception.Message}");
        }
    }

    /// <summary>Keys, and what the user wrote: settings, prices, agent descriptions.</summary>
    private static IEnumerable<string> Kept(string home) => Directory.EnumerateFiles(home, "*.*")
        .Concat(Directory.Exists(Path.Combine(home, "keys")) ? Directory.EnumerateFiles(Path.Combine(home, "keys")) : [])
        .Select(name => Path.GetRelativePath(home, name))
        .Where(name => !name.StartsWith(Sqlite, StringComparison.Ordinal) && (name.StartsWith("keys/", StringComparison.Ordinal) || Path.GetExtension(name) is ".json" or ".yaml" or ".yml"));

    private static async Task<Failure?> RunAsync(string[] command, CancellationToken cancellationToken)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardError = true })!;
            var error = await process.StandardError.ReadToEndAsync(cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            return process.ExitCode == 0 ? null : new Failure("backup_failed", $"{command[0]} failed: {Printable.Escape(error.Trim())}");
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return new Failure("tool_missing", $"{command[0]} is not on this machine.", "It comes with PostgreSQL's client programs.");
        }
    }
}
