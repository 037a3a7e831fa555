using System.Collections.Concurrent;
using System.Data.Common;
using System.Security.Cryptography;
using System.Text;
using Ringfence.Storage;

namespace Ringfence.Access;

/// <summary>Keys for the API: 256 bits of chance behind the prefix <c>rf_live_</c>, stored as SHA-256, shown once.</summary>
public sealed class ApiKeyStore(Database database, TimeProvider time)
{
    private const string Prefix = "rf_live_";

    // A key that another replica revoked is refused here after this long at the latest; one revoked here at once.
    private static readonly TimeSpan Trust = TimeSpan.FromSeconds(1);
    private const int MostKnown = 10_000;

    private readonly ConcurrentDictionary<string, (ApiKey Key, long At)> known = new(StringComparer.Ordinal);

    public async Task<(ApiKey Key, string Secret)> CreateAsync(string name, Role role, CancellationToken cancellationToken)
    {
        var secret = Prefix + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        var key = new ApiKey("key_" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8)), name, role, time.GetUtcNow(), null);

        await database.ExecuteAsync(
            "insert into api_keys (id, name, role, hash, created_us) values (@id, @name, @role, @hash, @now)", cancellationToken,
            ("id", key.Id), ("name", name), ("role", role.ToString().ToLowerInvariant()), ("hash", Hash(secret)), ("now", key.CreatedAt));

        return (key, secret);
    }

    /// <summary>The first key of an empty store, or null when there are keys already.</summary>
    public async Task<string?> CreateFirstAsync(CancellationToken cancellationToken) =>
        (await ListAsync(cancellationToken)).Count > 0 ? null : (await CreateAsync("admin", Role.Admin, cancellationToken)).Secret;

    /// <summary>Whose key this is; null when it is nobody's or was revoked. Looked up by hash, so time tells nothing about a key.</summary>
    public async Task<ApiKey?> AuthenticateAsync(string secret, CancellationToken cancellationToken)
    {
        if (!secret.StartsWith(Prefix, StringComparison.Ordinal) || secret.Length > 200)
        {
            return null;
        }

        var hash = Hash(secret);
        var name = Convert.ToHexStringLower(hash);

        if (known.TryGetValue(name, out var seen) && time.GetElapsedTime(seen.At) < Trust)
        {
            return seen.Key;
        }

        var asked = time.GetTimestamp();
        var key = await database.QuerySingleAsync(
            "select id, name, role, created_us, revoked_us from api_keys where hash = @hash and revoked_us is null", Read, cancellationToken, ("hash", hash));

        if (key is null || known.Count >= MostKnown)
        {
            known.TryRemove(name, out _);
            return key;
        }

        known[name] = (key, asked);
        return key;
    }

    public Task<IReadOnlyList<ApiKey>> ListAsync(CancellationToken cancellationToken) =>
        database.QueryAsync("select id, name, role, created_us, revoked_us from api_keys order by created_us", Read, cancellationToken);

    public async Task<bool> TryRevokeAsync(string id, CancellationToken cancellationToken)
    {
        var revoked = await database.ExecuteAsync(
            "update api_keys set revoked_us = @now where id = @id and revoked_us is null", cancellationToken, ("id", id), ("now", time.GetUtcNow())) == 1;
        known.Clear();
        return revoked;
    }

    private static ApiKey Read(DbDataReader row) => new(
        row.GetString(0), row.GetString(1), Enum.Parse<Role>(row.GetString(2), ignoreCase: true),
        UnixTime.FromUnixTimeMicroseconds(row.GetInt64(3)), row.IsDBNull(4) ? null : UnixTime.FromUnixTimeMicroseconds(row.GetInt64(4)));

    private static byte[] Hash(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));
}
