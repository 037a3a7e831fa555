using System.Security.Cryptography;

namespace Ringfence.Audit;

/// <summary>The key that signs digests: ECDSA P-256, in the home folder, readable for its owner alone. Made on first use.</summary>
public sealed class DigestKey : IDisposable
{
    private readonly ECDsa key;

    private DigestKey(ECDsa key) => this.key = key;

    /// <summary>The public key, SubjectPublicKeyInfo in Base64: what a verifier elsewhere must know beforehand.</summary>
    public string PublicKey => Convert.ToBase64String(key.ExportSubjectPublicKeyInfo());

    public static async Task<Result<DigestKey>> OpenAsync(string home, CancellationToken cancellationToken)
    {
        var file = Path.Combine(home, "keys", "digest.pem");

        try
        {
            if (File.Exists(file))
            {
                var known = ECDsa.Create();
                known.ImportFromPem(await File.ReadAllTextAsync(file, cancellationToken));
                return new DigestKey(known);
            }

            var made = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

            // CreateNew: when two processes start at once, the second fails instead of replacing the key that the first has signed with.
            await using var stream = new FileStream(file, new FileStreamOptions
            {
                Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
            await using var writer = new StreamWriter(stream);
            await writer.WriteAsync(made.ExportPkcs8PrivateKeyPem());
            return new DigestKey(made);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            return new Failure("digest_key", $"The key that signs digests cannot be used: {exception.Message}", $"It belongs in {file}.");
        }
    }

    public byte[] Sign(byte[] statement) => key.SignData(statement, HashAlgorithmName.SHA256);

    public static bool Verify(string publicKey, byte[] statement, byte[] signature)
    {
        try
        {
            using var known = ECDsa.Create();
            known.ImportSubjectPublicKeyInfo(Convert.FromBase64String(publicKey), out _);
            return known.VerifyData(statement, signature, HashAlgorithmName.SHA256);
        }
        catch (Exception exception) when (exception is CryptographicException or FormatException)
        {
            return false;
        }
    }

    public void Dispose() => key.Dispose();
}
