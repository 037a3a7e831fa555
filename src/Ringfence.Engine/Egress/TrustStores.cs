using System.Security.Cryptography.X509Certificates;
using System.Text;
using Ringfence.Sandboxes;

namespace Ringfence.Egress;

/// <summary>
/// Where the tools of a sandbox look for authorities to trust. The system's bundle with the run's authority added lies where OpenSSL, GnuTLS, .NET,
/// Go, git and curl look by themselves; variables point those to it that bring a list of their own.
/// </summary>
internal static class TrustStores
{
    private const string Authority = "/etc/ringfence.pem";

    private static readonly string[] HostBundles = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"];

    // A sandbox shows the host's own files read-only; one that is there can be shown with other content, a further one cannot be added beside it.
    private static readonly string? SystemBundle = RealPath(HostBundles);
    private static readonly string? SystemJavaStore = RealPath("/etc/ssl/certs/java/cacerts", "/etc/pki/ca-trust/extracted/java/cacerts");
    private static readonly string Bundle = SystemBundle ?? "/etc/ringfence-bundle.pem";
    private static readonly string JavaStore = SystemJavaStore ?? "/etc/ringfence.jks";

    /// <summary>What tools must be told. Java only where the system's own does not look at the store by itself: it mentions the option on every start.</summary>
    public static IReadOnlyDictionary<string, string> Environment { get; } = new Dictionary<string, string>(
        SystemJavaStore is null ? [new("JAVA_TOOL_OPTIONS", $"-Djavax.net.ssl.trustStore={JavaStore} -Djavax.net.ssl.trustStoreType=JKS")] : [])
    {
        ["SSL_CERT_FILE"] = Bundle,
        ["NODE_EXTRA_CA_CERTS"] = Authority,
        ["REQUESTS_CA_BUNDLE"] = Bundle,
        ["PIP_CERT"] = Bundle,
        ["CURL_CA_BUNDLE"] = Bundle,
        ["GIT_SSL_CAINFO"] = Bundle,
        ["CARGO_HTTP_CAINFO"] = Bundle,
        ["DENO_CERT"] = Authority,
    };

    public static IReadOnlyList<SandboxFile> FilesFor(RunAuthority authority)
    {
        var system = SystemBundle is null ? "" : File.ReadAllText(SystemBundle);
        var certificates = new X509Certificate2Collection();
        certificates.ImportFromPem(system);
        certificates.Add(authority.Root);
        return
        [
            new SandboxFile(Bundle, Encoding.ASCII.GetBytes(system + "\n" + authority.CertificatePem + "\n")),
            new SandboxFile(Authority, Encoding.ASCII.GetBytes(authority.CertificatePem + "\n")),
            new SandboxFile(JavaStore, JavaKeyStore.Write(certificates)),
        ];
    }

    private static string? RealPath(params string[] paths) => paths.Where(File.Exists)
        .Select(p => new FileInfo(p).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? p).FirstOrDefault();
}
