using System.Data.Common;
using System.Security.Cryptography;
using System.Text;
using Ringfence.Storage;

namespace Ringfence.Access;

/// <summary>Keys for the API: 256 bits of chance behind the prefix <c>rf_live_</c>, stored as SHA-256, shown once.</summary>
public sealed class ApiKeyStore(Database database, TimeProvider time)
{
    private const string Prefix = "rf_live_";

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
    public async Task<ApiKey?> AuthenticateAsync(string secret, CancellationToken cancellationToken) =>
        !secret.StartsWith(Prefix, StringComparison.Ordinal) || secret.Length > 200
            ? null
            : await database.QuerySingleAsync(
                "select id, name, role, created_us, revoked_us from api_keys where hash = @hash and revoked_us is null", Read, cancellationToken,
                ("hash", Hash(secret)));

    public Task<IReadOnlyList<ApiKey>> ListAsync(CancellationToken cancellationToken) =>
        database.QueryAsync("select id, name, role, created_us, revoked_us from api_keys order by created_us", Read, cancellationToken);

    public async Task<bool> TryRevokeAsync(string id, CancellationToken cancellationToken) =>
        await database.ExecuteAsync(
            "update api_keys set revoked_us = @now where id = @id and revoked_us is null", cancellationToken, ("id", id), ("now", time.GetUtcNow())) == 1;

    private static ApiKey Read(DbDataReader row) => new(
        row.GetString(0), row.GetString(1), Enum.Parse<Role>(row.GetString(2), ignoreCase: true),
        UnixTime.FromUnixTimeMicroseconds(row.GetInt64(3)), row.IsDBNull(4) ? null : UnixTime.FromUnixTimeMicroseconds(row.GetInt64(4)));

    private static byte[] Hash(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));
}
