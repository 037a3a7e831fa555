using System.Globalization;
using System.Reflection;

namespace Ringfence.Storage;

/// <summary>
/// The numbered <c>.sql</c> files, forward only, each in a transaction of its own together with the number it brings the store to. Several processes
/// may start at once: the first does the work while the others wait.
/// </summary>
internal static class Migrations
{
    // Any number, the same in every version: PostgreSQL's lock for migrating.
    private const long Lock = 0x52464E43;

    private static readonly IReadOnlyList<(long Number, string Resource)> All =
    [
        .. Assembly.GetExecutingAssembly().GetManifestResourceNames()
            .Where(name => name.StartsWith("migrations/", StringComparison.Ordinal))
            .Select(name => (long.Parse(name.AsSpan("migrations/".Length, 4), CultureInfo.InvariantCulture), name))
            .Order(),
    ];

    public static async Task<Failure?> ApplyAsync(SessionSource sessions, TimeProvider time, CancellationToken cancellationToken)
    {
        await using var rented = await sessions.RentWriterAsync(cancellationToken);
        var session = rented.Session;

        if (await VersionAsync(sessions, session, null, cancellationToken) is var version && version == All[^1].Number)
        {
            return null;
        }

        foreach (var (number, resource) in All)
        {
            await using var begun = await SessionTransaction.BeginAsync(session, cancellationToken);
            var transaction = begun.Inner;

            if (sessions.Dialect == Dialect.Postgres)
            {
                await session.ExecuteAsync("select pg_advisory_xact_lock(@lock)", transaction, [("lock", Lock)], cancellationToken);
            }

            // Read again inside the transaction: another process may have been faster.
            version = await VersionAsync(sessions, session, transaction, cancellationToken);

            if (version < 0)
            {
                return new Failure(
                    "database_foreign", "The database holds tables that are not Ringfence's.", "Give Ringfence a database of its own.");
            }

            if (version > All[^1].Number)
            {
                return new Failure(
                    "database_newer", $"The database has version {version}; this program knows {All[^1].Number}.", "Use the newer ringfence.");
            }

            if (number > version)
            {
                await session.ExecuteAsync(sessions.Dialect.Translate(Read(resource)), transaction, [], cancellationToken);
                await session.ExecuteAsync(sessions.Dialect.SetVersion(number, time.NowMicroseconds()), transaction, [], cancellationToken);
            }

            await begun.CommitAsync(session, cancellationToken);
        }

        return null;
    }

    /// <summary>0 for an empty database, -1 for somebody else's.</summary>
    private static async Task<long> VersionAsync(
        SessionSource sessions, Session session, System.Data.Common.DbTransaction? transaction, CancellationToken cancellationToken)
    {
        var found = await session.QueryAsync(
            sessions.Dialect.GetState, transaction, row => (Marker: row.GetInt64(0), Tables: row.GetInt64(1)), 1, [], cancellationToken);

        if (found[0].Marker == 0)
        {
            return found[0].Tables == 0 ? 0 : -1;
        }

        return (await session.QueryAsync(sessions.Dialect.GetVersion, transaction, row => row.GetInt64(0), 1, [], cancellationToken))[0];
    }

    private static string Read(string resource)
    {
        using var reader = new StreamReader(Assembly.GetExecutingAssembly().GetManifestResourceStream(resource)!);
        return reader.ReadToEnd();
    }
}
