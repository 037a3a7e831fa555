using Ringfence.Egress;
using Xunit;

namespace Ringfence.Tests.Egress;

/// <summary>The trust stores that a sandbox is given are used here as files of this world: each tool is pointed to them as the sandbox's paths would.</summary>
public sealed class A_tool_inside
{
    public static TheoryData<string, string[]> Tools => new()
    {
        { "curl", ["-sS", "--cacert", "{bundle}", "https://good.test/"] },
        { "openssl", ["s_client", "-connect", "good.test:443", "-servername", "good.test", "-verify_return_error", "-CAfile", "{bundle}", "-brief"] },
        { "wget", ["-q", "-O", "-", "--ca-certificate={bundle}", "https://good.test/"] }, // GnuTLS on Debian and Ubuntu
        { "gnutls-cli", ["--x509cafile={bundle}", "--port=443", "good.test"] },
        { "dotnet", ["package", "search", "anything", "--source", "https://good.test/v3/index.json"] },
        { "git", ["ls-remote", "https://good.test/info"] },
        { "node", ["-e", "require('https').get('https://good.test/', r => r.pipe(process.stdout)).on('error', e => { console.error(e); process.exit(1); })"] },
        { "python3", ["-c", "import urllib.request; print(urllib.request.urlopen('https://good.test/').read())"] },
        { "java", ["-Djavax.net.ssl.trustStore={java}", "{folder}/Fetch.java"] },
    };

    [Theory]
    [MemberData(nameof(Tools))]
    public async Task Trusts_the_runs_authority(string tool, string[] arguments)
    {
        var found = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(p => File.Exists(Path.Combine(p, tool)));
        Assert.SkipUnless(found, $"{tool} is not installed here.");
        await using var outside = await OutsideServer.StartAsync();
        await using var bench = await DoorBench.OpenAsync(outside, $"GET good.test/*@{outside.Address}");
        var files = TrustStores.FilesFor(bench.Authority).ToDictionary(f => f.Target);

        foreach (var file in files.Values)
        {
            await File.WriteAllBytesAsync(Path.Combine(bench.Folder, Path.GetFileName(file.Target)), file.Content.ToArray(), TestContext.Current.CancellationToken);
        }

        await File.WriteAllTextAsync(Path.Combine(bench.Folder, "Fetch.java"), """
            public class Fetch {
                public static void main(String[] a) throws Exception {
                    try (var in = java.net.URI.create("https://good.test/").toURL().openStream()) { System.out.write(in.readAllBytes()); System.out.flush(); }
                }
            }
            """, TestContext.Current.CancellationToken);
        var bundle = Path.Combine(bench.Folder, "ca-certificates.crt");
        var (exit, output) = await bench.Inside.RunAsync(
            tool,
            arguments.Select(a => a.Replace("{bundle}", bundle, StringComparison.Ordinal).Replace("{java}", Path.Combine(bench.Folder, "cacerts"), StringComparison.Ordinal).Replace("{folder}", bench.Folder, StringComparison.Ordinal)),
            new Dictionary<string, string> { ["SSL_CERT_FILE"] = bundle, ["GIT_SSL_CAINFO"] = bundle, ["NODE_EXTRA_CA_CERTS"] = Path.Combine(bench.Folder, "ringfence.pem") });

        // git gets no repository and dotnet no feed from this server; that they got a page at all shows the trust.
        Assert.True(exit == 0 || (tool is "git" or "dotnet" && !outside.Requests.IsEmpty), output);
        Assert.True(tool is "openssl" or "gnutls-cli" || !outside.Requests.IsEmpty, output);
    }

    [Fact]
    public void Finds_the_stores_where_a_sandbox_can_have_them()
    {
        // The host's own files are shown read-only inside: one can be shown with other content, none can be added beside it.
        using var authority = RunAuthority.Create(TimeProvider.System);
        Assert.All(TrustStores.FilesFor(authority), f => Assert.True(File.Exists(f.Target) || Path.GetDirectoryName(f.Target) == "/etc", f.Target));
    }

    [Fact]
    public void Never_gets_the_authoritys_key()
    {
        // S09
        using var authority = RunAuthority.Create(TimeProvider.System);
        Assert.All(TrustStores.FilesFor(authority), f => Assert.True(f.Content.Span.IndexOf("PRIVATE KEY"u8) < 0));
        Assert.Contains("BEGIN CERTIFICATE", authority.CertificatePem, StringComparison.Ordinal);
    }
}
