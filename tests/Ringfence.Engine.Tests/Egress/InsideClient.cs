using System.Net;
using System.Net.Http;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Xunit;

namespace Ringfence.Tests.Egress;

/// <summary>What a program inside can do with plain sockets: ask for names, connect, speak.</summary>
internal static class InsideClient
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Sends a DNS query to a name server that does not exist, as programs do, and returns the whole answer.</summary>
    public static async Task<byte[]> AskAsync(this NetworkNamespace inside, ushort type, params string[] labels)
    {
        using var socket = inside.Udp();
        await socket.ConnectAsync(IPAddress.Parse("192.0.2.53"), 53, Token);
        await socket.SendAsync(Query(type, labels), Token);
        var buffer = new byte[4096];
        return buffer[..await socket.ReceiveAsync(buffer, Token)];
    }

    public static byte[] Query(ushort type, params string[] labels) =>
    [
        0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, .. labels.SelectMany(l => (byte[])[(byte)l.Length, .. Encoding.Latin1.GetBytes(l)]), 0,
        (byte)(type >> 8), (byte)type, 0, 1,
    ];

    public static async Task<IPAddress> LookUpAsync(this NetworkNamespace inside, string name) => new((await inside.AskAsync(1, name.Split('.')))[^4..]);

    public static async Task<Socket> ConnectAsync(this NetworkNamespace inside, string name, int port) =>
        await inside.ConnectAsync(await inside.LookUpAsync(name), port);

    public static async Task<Socket> ConnectAsync(this NetworkNamespace inside, IPAddress address, int port)
    {
        var socket = inside.Tcp(address.AddressFamily);
        await socket.ConnectAsync(address, port, Token);
        return socket;
    }

    /// <summary>Connects to <paramref name="name"/> and takes part in TLS as a client that asks for <paramref name="sni"/>.</summary>
    public static async Task<SslStream> ConnectTlsAsync(this DoorBench bench, string name, string sni, params SslApplicationProtocol[] protocols)
    {
        var tls = new SslStream(new NetworkStream(await bench.Inside.ConnectAsync(name, 443), ownsSocket: true));
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPemFile(Path.Combine(bench.Folder, "ca.pem"));
        await tls.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions { TargetHost = sni, ApplicationProtocols = [.. protocols], CertificateChainPolicy = policy }, Token);
        return tls;
    }

    /// <summary>An HTTP client inside that connects to <paramref name="name"/> whatever its requests say.</summary>
    public static HttpClient Http(this DoorBench bench, string name) => new(new SocketsHttpHandler
    {
        UseProxy = false,
        AllowAutoRedirect = false,
        ConnectCallback = async (context, _) => new NetworkStream(await bench.Inside.ConnectAsync(name, context.DnsEndPoint.Port), ownsSocket: true),
        SslOptions = new SslClientAuthenticationOptions { TargetHost = name, CertificateChainPolicy = Trust(bench) },
    });

    /// <summary>Reads exactly so many bytes: what was written at once may come in pieces.</summary>
    public static async Task<string> ReadTextAsync(this Stream stream, int bytes)
    {
        var buffer = new byte[bytes];
        await stream.ReadExactlyAsync(buffer, Token);
        return Encoding.Latin1.GetString(buffer);
    }

    /// <summary>Writes text and reads until the other side ends or resets; a reset adds "RESET".</summary>
    public static async Task<string> TalkAsync(this Stream stream, string text)
    {
        var answer = new StringBuilder();
        var buffer = new byte[4096];

        try
        {
            if (text.Length > 0)
            {
                await stream.WriteAsync(Encoding.Latin1.GetBytes(text), Token);
            }

            while (await stream.ReadAsync(buffer, Token) is var read and > 0)
            {
                answer.Append(Encoding.Latin1.GetString(buffer, 0, read));
            }
        }
        catch (IOException)
        {
            answer.Append("RESET");
        }

        return answer.ToString();
    }

    public static async Task<string> TalkAsync(this Socket socket, string text)
    {
        await using var stream = new NetworkStream(socket, ownsSocket: true);
        return await stream.TalkAsync(text);
    }

    private static X509ChainPolicy Trust(DoorBench bench)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPemFile(Path.Combine(bench.Folder, "ca.pem"));
        return policy;
    }
}
