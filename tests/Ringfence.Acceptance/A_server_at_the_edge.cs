using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Xunit;

namespace Ringfence.Acceptance;

/// <summary>With its own certificate, or behind a proxy that says who calls.</summary>
public sealed class A_server_at_the_edge
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact(Timeout = Patience)]
    public async Task Shows_the_certificate_that_is_in_its_files_now_and_keeps_the_old_one_when_they_are_no_good()
    {
        await using var ringfence = await RunningRingfence.StartAsync(null);
        var (certificate, key) = (Path.Combine(ringfence.Temporary, "server.pem"), Path.Combine(ringfence.Temporary, "server.key"));
        Write(certificate, key, "first.example");
        await using var server = await RunningServer.StartAsync(ringfence, null, "--tls-certificate", certificate, "--tls-key", key);

        var first = await ShownAsync(server);
        Write(certificate, key, "second.example");
        var second = await ShownAsync(server);
        await File.WriteAllTextAsync(certificate, "half a file", Cancel);
        var third = await ShownAsync(server);

        Assert.StartsWith("https://", server.Address, StringComparison.Ordinal);
        Assert.Equal(["CN=first.example", "CN=second.example", "CN=second.example"], [first, second, third]);
    }

    [Theory(Timeout = Patience)]
    [InlineData("127.0.0.0/8", false)]
    [InlineData("192.0.2.0/24", true)]
    public async Task Believes_who_calls_from_trusted_proxies_alone(string trusted, bool areOne)
    {
        await using var ringfence = await RunningRingfence.StartAsync(null);
        await using var server = await RunningServer.StartAsync(ringfence, null, "--trusted-proxy", trusted, "--rate-limit", "60");
        var stranger = server with { Key = "rf_live_guessed" };
        var began = TimeProvider.System.GetTimestamp();
        const int Guesses = 60;
        var answers = new List<HttpStatusCode>();

        // Each from an address of its own, if the header counts: then nobody guesses twice.
        for (var i = 0; i < Guesses; i++)
        {
            answers.Add((await stranger.SendAsync(HttpMethod.Get, "/v1/runs", null, ("X-Forwarded-For", $"203.0.113.{i}"))).Status);
        }

        // Ten at once and one a second: however slow this machine is, that many and no more.
        var most = 10 + 1 + (int)TimeProvider.System.GetElapsedTime(began).TotalSeconds;
        var guessed = answers.Count(status => status == HttpStatusCode.Unauthorized);
        Assert.True(areOne ? guessed <= most : guessed == Guesses, $"{guessed} of {Guesses} were answered, at most {most} should be from one address.");
    }

    [Fact(Timeout = Patience)]
    public async Task Tells_every_wrong_setting_at_once_wherever_it_stands()
    {
        await using var ringfence = await RunningRingfence.StartAsync(null);
        var file = Path.Combine(ringfence.Temporary, "serve.yaml");
        await File.WriteAllTextAsync(file, "max-runs: many\ntrusted-proxy: [10.0.0.1/40]\ncolour: red\n", Cancel);
        ringfence.Environment["RINGFENCE_DRAIN_TIME"] = "soon";

        var refused = await ringfence.CliAsync("serve", "--config", file, "--listen", "nowhere", "--tls-key", "/none");

        Assert.Equal(2, refused.ExitCode);

        foreach (var wrong in (string[])["--listen", "max-runs in the settings file", "trusted-proxy", "RINGFENCE_DRAIN_TIME", "tls-certificate", "colour"])
        {
            Assert.Contains(wrong, refused.Error, StringComparison.Ordinal);
        }
    }

    private static void Write(string certificate, string key, string name)
    {
        using var secret = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var now = TimeProvider.System.GetUtcNow();
        using var made = new CertificateRequest($"CN={name}", secret, HashAlgorithmName.SHA256).CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        File.WriteAllText(key, secret.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(certificate, made.ExportCertificatePem());
    }

    private static async Task<string> ShownAsync(RunningServer server)
    {
        using var client = new TcpClient();
        var address = new Uri(server.Address);
        await client.ConnectAsync(address.Host, address.Port, Cancel);
        var shown = "";
        await using var stream = new SslStream(client.GetStream(), false, (_, certificate, _, _) =>
        {
            // Each is signed by itself: the question is which of the two is shown.
            shown = certificate!.Subject;
            return shown.StartsWith("CN=", StringComparison.Ordinal);
        });
        await stream.AuthenticateAsClientAsync("server.example");
        return shown;
    }
}
