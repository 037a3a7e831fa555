using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Ringfence.Egress;

/// <summary>Where a captured connection was meant to go.</summary>
internal static partial class OriginalDestination
{
    // SO_ORIGINAL_DST and IP6T_SO_ORIGINAL_DST have the same number at their own levels (linux/netfilter_ipv4.h, netfilter_ipv6/ip6_tables.h).
    private const int SoOriginalDestination = 80;
    private const int LevelIp = 0;
    private const int LevelIp6 = 41;

    /// <summary>The address before the sandbox's redirection, or the local one where connections arrive without translation.</summary>
    public static IPEndPoint Of(Socket socket)
    {
        // sockaddr_in and sockaddr_in6: family, port, then the address at 4 and at 8.
        Span<byte> address = stackalloc byte[28];

        return TryRead(socket, LevelIp, address) ? new IPEndPoint(new IPAddress(address[4..8]), BinaryPrimitives.ReadUInt16BigEndian(address[2..]))
            : TryRead(socket, LevelIp6, address) ? new IPEndPoint(new IPAddress(address[8..24]), BinaryPrimitives.ReadUInt16BigEndian(address[2..]))
            : (IPEndPoint)socket.LocalEndPoint!;
    }

    private static bool TryRead(Socket socket, int level, Span<byte> value)
    {
        var length = value.Length;
        return GetSocketOption(socket.SafeHandle, level, SoOriginalDestination, value, ref length) == 0;
    }

    // Not Socket.GetRawSocketOption: when the kernel has no translation for a socket, that method takes the socket for disconnected.
    [LibraryImport("libc", EntryPoint = "getsockopt")]
    private static partial int GetSocketOption(SafeHandle socket, int level, int name, Span<byte> value, ref int length);
}
