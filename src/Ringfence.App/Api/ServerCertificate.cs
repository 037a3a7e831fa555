using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Ringfence.App.Api;

/// <summary>A certificate in files that are replaced from time to time: what is there now counts at the next handshake, without a restart.</summary>
/// <exception cref="CryptographicException">The files do not hold a certificate and its key. The same for other errors of reading them.</exception>
internal sealed class ServerCertificate(string certificateFile, string? keyFile)
{
    private readonly Lock gate = new();
    private Loaded loaded = Load(certificateFile, keyFile);

    /// <summary>The certificate in force. Files that cannot be used, or are half written, change nothing.</summary>
    public SslStreamCertificateContext Current
    {
        get
        {
            lock (gate)
            {
                var stamp = Stamp(certificateFile, keyFile);

                if (stamp != loaded.Stamp)
                {
                    try
                    {
                        loaded = Load(certificateFile, keyFile);
                    }
                    catch (Exception unusable) when (unusable is IOException or UnauthorizedAccessException or CryptographicException)
                    {
                        // Looked at again when they have changed again. The old one is not disposed of: handshakes may be using it.
                        loaded = loaded with { Stamp = stamp };
                    }
                }

                return loaded.Context;
            }
        }
    }

    private static Loaded Load(string certificate, string? key)
    {
        var stamp = Stamp(certificate, key);
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(certificate);

        // The first is the server's own; what follows in the file is what clients need to trust it.
        return new Loaded(SslStreamCertificateContext.Create(X509Certificate2.CreateFromPemFile(certificate, key), chain, offline: true), stamp);
    }

    private static (DateTime, DateTime) Stamp(string certificate, string? key) => (File.GetLastWriteTimeUtc(certificate), key is null ? default : File.GetLastWriteTimeUtc(key));

    private sealed record Loaded(SslStreamCertificateContext Context, (DateTime, DateTime) Stamp);
}
