using System.Collections.Concurrent;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Ringfence.Egress;

/// <summary>
/// The certificate authority of one run, by which the door opens TLS where a rule or a secret needs it. Its key lives in this process only: it is
/// never written, never enters the sandbox, and dies with the run.
/// </summary>
public sealed class RunAuthority : IDisposable
{
    private static readonly TimeSpan Validity = TimeSpan.FromDays(7);

    // A program inside may ask for thousands of names, denied ones too; each certificate brings a TLS context with it, outside the managed heap.
    private const int MostKept = 256;
    private readonly X509Certificate2 root;
    private readonly ECDsa leafKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly ConcurrentDictionary<HostName, SslStreamCertificateContext> leaves = new();
    private readonly DateTimeOffset from;

    private RunAuthority(X509Certificate2 root, DateTimeOffset from)
    {
        this.root = root;
        this.from = from;
    }

    /// <summary>The authority's certificate, without key, for trust stores inside.</summary>
    public string CertificatePem => root.ExportCertificatePem();

    internal X509Certificate2 Root => root;

    public static RunAuthority Create(TimeProvider time)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN=Ringfence run {Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));

        // An hour back: clocks of machines and containers differ.
        var from = time.GetUtcNow() - TimeSpan.FromHours(1);
        return new RunAuthority(request.CreateSelfSigned(from, from + Validity), from);
    }

    /// <summary>A certificate for this name, with its key, as TLS wants it.</summary>
    internal SslStreamCertificateContext For(HostName host)
    {
        // Full, it starts anew. What is in use stays with who uses it.
        if (leaves.Count >= MostKept && !leaves.ContainsKey(host))
        {
            leaves.Clear();
        }

        return leaves.GetOrAdd(host, Issue);
    }

    private SslStreamCertificateContext Issue(HostName host)
    {
        // A common name holds 64 characters at most; clients read the alternative name.
        var request = new CertificateRequest("CN=Opened by Ringfence", leafKey, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(host.Text);
        request.CertificateExtensions.Add(names.Build(critical: true));
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(root, true, false));

        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] &= 0x7F;
        using var bare = request.Create(root, from, root.NotAfter, serial);
        return SslStreamCertificateContext.Create(bare.CopyWithPrivateKey(leafKey), [root], offline: true);
    }

    public void Dispose()
    {
        foreach (var leaf in leaves.Values)
        {
            leaf.TargetCertificate.Dispose();
        }

        leafKey.Dispose();
        root.Dispose();
    }
}
