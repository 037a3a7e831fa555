using System.Security.Cryptography;
using System.Text;
using Ringfence.Storage;

namespace Ringfence.Approvals;

/// <summary>Keys of this installation for HMAC-SHA256, 256 bits each, made on first use. In the database, because every replica must know them.</summary>
public sealed class SigningKeys(Database database)
{
    public async Task<byte[]> GetAsync(string name, CancellationToken cancellationToken)
    {
        await database.ExecuteAsync(
            "insert into signing_keys (name, secret) values (@name, @secret) on conflict do nothing", cancellationToken,
            ("name", name), ("secret", RandomNumberGenerator.GetBytes(32)));

        // Another process may have been first: what is in the table counts.
        return (await database.QuerySingleAsync(
            "select secret from signing_keys where name = @name", row => row.GetFieldValue<byte[]>(0), cancellationToken, ("name", name)))!;
    }

    /// <param name="purpose">Name of the key: what is signed for one purpose is never good for another.</param>
    public async Task<byte[]> SignAsync(string purpose, string text, CancellationToken cancellationToken) =>
        HMACSHA256.HashData(await GetAsync(purpose, cancellationToken), Encoding.UTF8.GetBytes(text));

    public async Task<bool> VerifyAsync(string purpose, string text, byte[] signature, CancellationToken cancellationToken) =>
        CryptographicOperations.FixedTimeEquals(await SignAsync(purpose, text, cancellationToken), signature);
}
