using System.Net;
using System.Net.Sockets;
using Ringfence.Egress;

namespace Ringfence.Notifications;

/// <summary>
/// An HTTP client for addresses that users choose. It dials only addresses that it has looked at itself, so that a name cannot lead into somebody's own
/// network, neither at first nor on second thoughts; it follows no redirect and uses no proxy.
/// </summary>
internal static class GuardedHttp
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <param name="allowed">Private networks that may be reached all the same, also without TLS; asked at each dialling.</param>
    public static HttpClient Create(Func<IReadOnlyList<IPNetwork>> allowed) => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseProxy = false,
        UseCookies = false,
        PooledConnectionLifetime = TimeSpan.FromMinutes(1),
        ConnectCallback = (context, cancellationToken) => DialAsync(context, allowed(), cancellationToken),
    })
    {
        Timeout = Patience,
        MaxResponseContentBufferSize = 64 << 10,
    };

    private static async ValueTask<Stream> DialAsync(SocketsHttpConnectionContext context, IReadOnlyList<IPNetwork> allowed, CancellationToken cancellationToken)
    {
        var addresses = await Dns.GetHostAddressesAsync(context.DnsEndPoint.Host, cancellationToken);
        var isPlain = context.InitialRequestMessage.RequestUri!.Scheme == Uri.UriSchemeHttp;

        foreach (var address in addresses)
        {
            var configured = allowed.Any(network => network.Contains(AddressRange.Unwrap(address)));

            if (AddressRange.IsMetadata(address) || !configured && (isPlain || !AddressRange.IsPublic(address)))
            {
                throw new HttpRequestException(isPlain && AddressRange.IsPublic(address)
                    ? "only https leaves this network"
                    : $"{context.DnsEndPoint.Host} is at {address}, in a private network that webhooks may not reach");
            }
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

        try
        {
            await socket.ConnectAsync(addresses, context.DnsEndPoint.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
