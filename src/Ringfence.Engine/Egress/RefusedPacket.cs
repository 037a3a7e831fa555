using System.Buffers.Binary;
using System.Net;

namespace Ringfence.Egress;

/// <summary>What a refused packet was for, read from its first bytes.</summary>
/// <param name="Protocol"><c>udp</c>, <c>quic</c>, <c>icmp</c>, or <c>ip-N</c> with the protocol's number.</param>
/// <param name="Port">0 where the protocol has none.</param>
/// <param name="Length">Bytes of the whole packet.</param>
internal readonly record struct RefusedPacket(IPAddress Destination, string Protocol, int Port, int Length)
{
    private const int Icmp = 1;
    private const int Tcp = 6;
    private const int Udp = 17;
    private const int IcmpV6 = 58;

    /// <summary>Null for what is no whole header, and for errors and neighbour talk that the kernel sends by itself.</summary>
    public static RefusedPacket? Read(ReadOnlySpan<byte> packet) => packet.Length == 0 ? null : (packet[0] >> 4) switch
    {
        4 when packet.Length >= 20 && (packet[0] & 15) * 4 <= packet.Length =>
            Read(new IPAddress(packet[16..20]), packet[9], packet[((packet[0] & 15) * 4)..], BinaryPrimitives.ReadUInt16BigEndian(packet[2..])),
        6 when packet.Length >= 40 =>
            Read(new IPAddress(packet[24..40]), packet[6], packet[40..], 40 + BinaryPrimitives.ReadUInt16BigEndian(packet[4..])),
        _ => null,
    };

    private static RefusedPacket? Read(IPAddress destination, byte protocol, ReadOnlySpan<byte> content, int length) => protocol switch
    {
        Icmp or IcmpV6 when IsKernels(protocol, content) => null,
        Icmp or IcmpV6 => new(destination, "icmp", 0, length),
        Tcp or Udp when content.Length < 4 => null,
        Udp => new(destination, IsQuic(content) ? "quic" : "udp", BinaryPrimitives.ReadUInt16BigEndian(content[2..]), length),
        Tcp => new(destination, "tcp", BinaryPrimitives.ReadUInt16BigEndian(content[2..]), length),
        _ => new(destination, $"ip-{protocol}", 0, length),
    };

    // Only echo requests are a program's own: a socket without privileges can send nothing else.
    private static bool IsKernels(byte protocol, ReadOnlySpan<byte> content) => content.Length == 0 || content[0] != (protocol == Icmp ? 8 : 128);

    // A connection's first packets have the long header: two bits set, then a version that is not zero (RFC 8999, 9000).
    private static bool IsQuic(ReadOnlySpan<byte> udp) =>
        udp.Length >= 13 && (udp[8] & 0xC0) == 0xC0 && BinaryPrimitives.ReadUInt32BigEndian(udp[9..]) != 0;
}
