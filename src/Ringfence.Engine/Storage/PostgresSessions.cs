using Npgsql;

namespace Ringfence.Storage;

/// <summary>Connections to PostgreSQL, pooled by the driver, with statements prepared once they repeat.</summary>
internal sealed class PostgresSessions(NpgsqlDataSource source) : SessionSource
{
    // A server allows a hundred by default, and replicas share them. Whoever finds none waits for one. `?Maximum Pool Size=` changes it.
    private const int MostConnections = 24;

    // The pool waits for connections of its own; those that the server gave to others are waited for here, or a moment of many would end runs.
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    public override Dialect Dialect => Dialect.Postgres;

    public static Result<SessionSource> Create(string url)
    {
        // PostgreSQL's own tools take an empty host (the socket follows as a setting); a URI with a user needs one. No message shows the
        // address: it may hold a password.
        if (!Uri.TryCreate(url.Replace("@/", "@localhost/", StringComparison.Ordinal), UriKind.Absolute, out var uri)
            || uri.Scheme is not ("postgres" or "postgresql"))
        {
            return new Failure("database_url", "The address of the database cannot be read.", "Write postgres://user@host:5432/name.");
        }

        var builder = new NpgsqlConnectionStringBuilder { ApplicationName = "ringfence", MaxAutoPrepare = 100, AutoPrepareMinUsages = 2, MaxPoolSize = MostConnections };

        try
        {
            Fill(builder, uri);
        }
        catch (ArgumentException exception)
        {
            return new Failure("database_url", $"The address of the database has a part that is not known: {exception.Message}");
        }

        return new PostgresSessions(new NpgsqlSlimDataSourceBuilder(builder.ConnectionString).EnableTransportSecurity().Build());
    }

    public override ValueTask<Rented> RentReaderAsync(CancellationToken cancellationToken) => RentAsync(cancellationToken);

    public override ValueTask<Rented> RentWriterAsync(CancellationToken cancellationToken) => RentAsync(cancellationToken);

    public override Failure Explain(Exception exception) =>
        new("database_unavailable", $"The PostgreSQL database cannot be used: {exception.Message}");

    public override ValueTask DisposeAsync() => source.DisposeAsync();

    private async ValueTask<Rented> RentAsync(CancellationToken cancellationToken)
    {
        for (var tries = 0; ; tries++)
        {
            try
            {
                return new(new Session(await source.OpenConnectionAsync(cancellationToken)), static session => session.DisposeAsync());
            }
            catch (PostgresException refusal) when (refusal.SqlState == PostgresErrorCodes.TooManyConnections && tries < LongestWait / Pause)
            {
                await Task.Delay(Pause, cancellationToken);
            }
        }
    }

    /// <summary>Maps the parts of the address; what follows <c>?</c> are the driver's own settings, such as <c>sslmode</c> or <c>host</c> for a socket.</summary>
    private static void Fill(NpgsqlConnectionStringBuilder builder, Uri uri)
    {
        var user = uri.UserInfo.Split(':', 2);
        builder.Host = uri.Host.Length > 0 ? uri.Host : null;
        builder.Port = uri.Port > 0 ? uri.Port : 5432;
        builder.Database = Uri.UnescapeDataString(uri.AbsolutePath.TrimStart('/'));
        builder.Username = user[0].Length > 0 ? Uri.UnescapeDataString(user[0]) : null;
        builder.Password = user.Length > 1 ? Uri.UnescapeDataString(user[1]) : null;

        foreach (var pair in uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var (name, value) = (pair.Split('=', 2)[0], pair.Split('=', 2).ElementAtOrDefault(1) ?? "");
            builder[name == "sslmode" ? "SSL Mode" : Uri.UnescapeDataString(name)] = Uri.UnescapeDataString(value);
        }
    }
}
