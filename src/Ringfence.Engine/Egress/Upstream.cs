using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Ringfence.Egress;

/// <summary>Resolves an allowed name once, outside, and dials exactly the address that was checked.</summary>
internal sealed class Upstream(EgressDoorOptions options, TimeProvider time)
{
    private const int MaxAddresses = 4;
    private static readonly TimeSpan DialTimeout = TimeSpan.FromSeconds(10);

    // This machine's own addresses may be public ones; its services still are not the internet's.
    private readonly HashSet<IPAddress> own =
        [.. NetworkInterface.GetAllNetworkInterfaces().SelectMany(i => i.GetIPProperties().UnicastAddresses).Select(a => a.Address)];

    /// <summary>The addresses that may be dialled for this connection, or the decision that there are none.</summary>
    public async Task<(IReadOnlyList<IPAddress> Addresses, EgressDecision Decision)> ResolveAsync(CapturedConnection connection)
    {
        IPAddress[] found;

        try
        {
            found = await options.Resolve(connection.Host.Text, connection.Life);
        }
        catch (SocketException)
        {
            found = [];
        }

        var judged = found.Select(a => (Address: a, Decision: options.Rules.DecideAddress(connection.Host, connection.Port, a, own.Contains(a)))).ToList();
        var allowed = judged.Where(j => j.Decision.Allowed).Take(MaxAddresses).ToList();

        return allowed.Count > 0 ? ([.. allowed.Select(a => a.Address)], allowed[0].Decision)
            : ([], judged.Count > 0 ? judged[0].Decision : EgressDecision.Deny(EgressReasons.NameNotFound, options.Rules.Decide(connection.Host, connection.Port).Rule));
    }

    /// <summary>Dials the addresses in turn. Null when none answers.</summary>
    public async Task<Socket?> DialAsync(CapturedConnection connection, IReadOnlyList<IPAddress> addresses)
    {
        foreach (var address in addresses)
        {
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

            try
            {
                using var patience = new CancellationTokenSource(DialTimeout, time);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, connection.Life);
                await socket.ConnectAsync(new IPEndPoint(address, connection.Port), either.Token);
                await connection.RecordOpeningAsync(address);
                return socket;
            }
            catch (Exception e) when (e is SocketException || (e is OperationCanceledException && !connection.Life.IsCancellationRequested))
            {
                socket.Dispose();
            }
            catch
            {
                // The sandbox has ended, or the record cannot be written: nothing stays connected.
                socket.Dispose();
                throw;
            }
        }

        return null;
    }
}
