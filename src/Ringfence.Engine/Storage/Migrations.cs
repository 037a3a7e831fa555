using System.Data.Common;
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

    /// <remarks>Failures: <c>database_foreign</c>, <c>database_newer</c>, <c>database_skipped</c>.</remarks>
    public static async Task<Failure?> ApplyAsync(SessionSource sessions, TimeProvider time, CancellationToken cancellationToken)
    {
        await using var rented = await sessions.RentWriterAsync(cancellationToken);
        var session = rented.Session;

        if (await StateAsync(sessions, session, null, cancellationToken) is { Version: var current } state && current == All[^1].Number)
        {
            return Problem(state);
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
            state = await StateAsync(sessions, session, transaction, cancellationToken);

            if (Problem(state) is { } problem)
            {
                return problem;
            }

            if (number > state.Version)
            {
                var known = number;
                var missing = All.Select(migration => migration.Number).Where(n => n <= known && (n == known || !state.IsListed));
                await session.ExecuteAsync(
                    sessions.Dialect.Translate(Read(resource)) + sessions.Dialect.SetVersion(number) + ";" + List(missing, time.NowMicroseconds()),
                    transaction, [], cancellationToken);
            }

            await begun.CommitAsync(session, cancellationToken);
        }

        return null;
    }

    // Numbers are given out once: a lower one that comes later would otherwise never be applied to the stores that are there.
    private static Failure? Problem(State state)
    {
        var newest = All[^1].Number;
        var skipped = All.Select(migration => migration.Number).Where(number => number <= state.Version && !state.Applied.Contains(number)).ToList();

        return state.Version < 0
            ? new Failure("database_foreign", "The database holds tables that are not Ringfence's.", "Give Ringfence a database of its own.")
            : state.Version > newest
            ? new Failure("database_newer", $"The database has version {state.Version}; this program knows {newest}.", "Use the newer ringfence.")
            : skipped.Count > 0
            ? new Failure(
                "database_skipped", $"The database has version {state.Version}, but step {string.Join(", ", skipped)} before it was never made.",
                "Another build of ringfence made this database: use that one, or start with a new database.")
            : null;
    }

    private static string List(IEnumerable<long> numbers, long now) => $"""
        create table if not exists ringfence_migrations (number bigint primary key, applied_us bigint not null);
        insert into ringfence_migrations (number, applied_us) values {string.Join(", ", numbers.Select(number => FormattableString.Invariant($"({number}, {now})")))};
        """;

    private static async Task<State> StateAsync(
        SessionSource sessions, Session session, DbTransaction? transaction, CancellationToken cancellationToken)
    {
        var dialect = sessions.Dialect;
        var found = await session.QueryAsync(
            dialect.GetState, transaction, row => (Marker: row.GetInt64(0), Tables: row.GetInt64(1), Listed: row.GetInt64(2) != 0), 1, [], cancellationToken);

        if (found[0].Marker == 0)
        {
            return new State(found[0].Tables == 0 ? 0 : -1, false, []);
        }

        var version = (await session.QueryAsync(dialect.GetVersion, transaction, row => row.GetInt64(0), 1, [], cancellationToken))[0];
        var applied = found[0].Listed
            ? await session.QueryAsync("select number from ringfence_migrations", transaction, row => row.GetInt64(0), int.MaxValue, [], cancellationToken)
            : [.. All.Select(migration => migration.Number).Where(number => number <= version)];

        return new State(version, found[0].Listed, [.. applied]);
    }

    private static string Read(string resource)
    {
        using var reader = new StreamReader(Assembly.GetExecutingAssembly().GetManifestResourceStream(resource)!);
        return reader.ReadToEnd();
    }

    /// <param name="Version">0 for an empty database, -1 for somebody else's.</param>
    /// <param name="IsListed">The database says itself which migrations were applied. Older ones in SQLite say only the last.</param>
    private sealed record State(long Version, bool IsListed, HashSet<long> Applied);
}
