using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Ringfence.Audit;

namespace Ringfence.Egress;

/// <summary>Opens a connection: hands its clear bytes to the web server, with a client of its own that can reach the checked addresses and nothing else.</summary>
internal sealed class HttpOpening(EgressDoorOptions options, Upstream upstream, IRecorder recorder)
{
    private const int MaxConnectionsUpstream = 16;

    public async Task ServeAsync(CapturedConnection connection, Stream clear, IReadOnlyList<IPAddress> addresses)
    {
        var overTls = clear is SslStream;
        using var client = new HttpMessageInvoker(Handler(connection, addresses, overTls));
        var forwarder = new RequestForwarder(connection, options, overTls, client, recorder);
        RefusedRequestLog.Watch(forwarder.Id, connection);

        try
        {
            var front = await HttpFront.GetAsync();
            await front.ServeAsync(new HandedConnection(connection, clear, forwarder));
        }
        finally
        {
            RefusedRequestLog.Forget(forwarder.Id);
        }
    }

    /// <summary>Takes the server's part of TLS with a certificate of the run's authority.</summary>
    public async Task<SslStream> AcceptTlsAsync(CapturedConnection connection, Stream client, TlsClientHello hello)
    {
        List<SslApplicationProtocol> protocols = hello.Protocols.Contains("h2") ? [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11]
            : hello.Protocols.Contains("http/1.1") ? [SslApplicationProtocol.Http11] : [];
        var tls = new SslStream(client);

        await tls.AuthenticateAsServerAsync(
            new SslServerAuthenticationOptions
            {
                ServerCertificateContext = options.Authority!.For(connection.Host),
                ApplicationProtocols = protocols,
                AllowRenegotiation = false,
            },
            connection.Life);
        return tls;
    }

    private SocketsHttpHandler Handler(CapturedConnection connection, IReadOnlyList<IPAddress> addresses, bool overTls) => new()
    {
        // The client inside follows redirects itself, through the door, where they are judged like everything else.
        AllowAutoRedirect = false,
        UseProxy = false,
        UseCookies = false,
        ActivityHeadersPropagator = null,
        Credentials = null,
        MaxConnectionsPerServer = MaxConnectionsUpstream,
        PooledConnectionIdleTimeout = options.Limits.Idle,
        RequestHeaderEncodingSelector = (_, _) => System.Text.Encoding.Latin1,
        ResponseHeaderEncodingSelector = (_, _) => System.Text.Encoding.Latin1,

        // A compressed answer could hide a secret that comes back from our redaction.
        AutomaticDecompression = overTls && options.Secrets.GoTo(connection.Host, connection.Port) ? DecompressionMethods.All : DecompressionMethods.None,
        ConnectCallback = async (_, _) => await upstream.DialAsync(connection, addresses) is { } socket
            ? new NetworkStream(socket, ownsSocket: true)
            : throw new SocketException((int)SocketError.HostUnreachable),
        SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = Policy() },
    };

    private X509ChainPolicy? Policy()
    {
        if (options.UpstreamRoots is not { } roots)
        {
            return null;
        }

        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.AddRange(roots);
        return policy;
    }
}
