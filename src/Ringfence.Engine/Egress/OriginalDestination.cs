using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Ringfence.Egress;

/// <summary>Where a captured connection was meant to go.</summary>
internal static class OriginalDestination
{
    // SO_ORIGINAL_DST and IP6T_SO_ORIGINAL_DST have the same number at their own levels (linux/netfilter_ipv4.h, netfilter_ipv6/ip6_tables.h).
    private const int SoOriginalDestination = 80;
    private const int LevelIp = 0;
    private const int LevelIp6 = 41;

    /// <summary>The address before the sandbox's redirection, or the local one where connections arrive without translation.</summary>
    public static IPEndPoint Of(Socket socket)
    {
        Span<byte> address = stackalloc byte[28];

        try
        {
            socket.GetRawSocketOption(LevelIp, SoOriginalDestination, address);
            return new IPEndPoint(new IPAddress(address[4..8]), BinaryPrimitives.ReadUInt16BigEndian(address[2..]));
        }
        catch (SocketException)
        {
            // Not an IPv4 connection, or not a translated one.
        }

        try
        {
            socket.GetRawSocketOption(LevelIp6, SoOriginalDestination, address);
            return new IPEndPoint(new IPAddress(address[8..24]), BinaryPrimitives.ReadUInt16BigEndian(address[2..]));
        }
        catch (SocketException)
        {
            return (IPEndPoint)socket.LocalEndPoint!;
        }
    }
}
