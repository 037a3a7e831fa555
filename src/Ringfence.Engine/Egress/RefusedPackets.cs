using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Ringfence.Audit;

namespace Ringfence.Egress;

/// <summary>
/// Records what never becomes a connection: UDP, QUIC, ICMP and whatever else the sandbox's packet rules refuse. The kernel tells of each; one
/// destination is one event, because programs try for as long as they run.
/// </summary>
internal sealed class RefusedPackets(string sandbox, Socket? socket, DnsResponder names, IRecorder recorder) : IDisposable
{
    // linux/netfilter/nfnetlink_log.h
    private const ushort PacketMessage = 4 << 8;
    private const ushort PayloadAttribute = 9;
    private const int MessageHeader = 16;
    private const int FamilyHeader = 4;

    private const int MostDestinations = 10_000;

    private readonly HashSet<(IPAddress, string, int)> seen = [];

    public async Task ServeAsync(CancellationToken cancellationToken)
    {
        var buffer = new byte[64 * 1024];

        while (socket is not null && !cancellationToken.IsCancellationRequested)
        {
            try
            {
                Take(buffer.AsSpan(0, await socket.ReceiveAsync(buffer, SocketFlags.None, cancellationToken)));
            }
            catch (SocketException lost) when (lost.SocketErrorCode == SocketError.NoBufferSpaceAvailable)
            {
                Record(IPAddress.Any, "any", 0, 0, EgressReasons.TooManyPackets); // it sends faster than we read
            }
            catch (OperationCanceledException)
            {
                // The door closes; what was refused until now is still to be read.
            }
        }

        while (socket?.Poll(0, SelectMode.SelectRead) == true)
        {
            Take(buffer.AsSpan(0, socket.Receive(buffer)));
        }
    }

    public void Dispose() => socket?.Dispose();

    private void Take(ReadOnlySpan<byte> messages)
    {
        while (messages.Length >= MessageHeader)
        {
            var length = (int)BinaryPrimitives.ReadUInt32LittleEndian(messages);

            if (length < MessageHeader || length > messages.Length)
            {
                return;
            }

            if (BinaryPrimitives.ReadUInt16LittleEndian(messages[4..]) == PacketMessage && length > MessageHeader + FamilyHeader
                && RefusedPacket.Read(Payload(messages[(MessageHeader + FamilyHeader)..length])) is { } packet)
            {
                Record(packet.Destination, packet.Protocol, packet.Port, packet.Length, EgressReasons.ProtocolNotAllowed);
            }

            messages = messages[Math.Min(Aligned(length), messages.Length)..];
        }
    }

    private static ReadOnlySpan<byte> Payload(ReadOnlySpan<byte> attributes)
    {
        while (attributes.Length >= 4)
        {
            var length = BinaryPrimitives.ReadUInt16LittleEndian(attributes);

            if (length < 4 || length > attributes.Length)
            {
                return [];
            }

            if (BinaryPrimitives.ReadUInt16LittleEndian(attributes[2..]) == PayloadAttribute)
            {
                return attributes[4..length];
            }

            attributes = attributes[Math.Min(Aligned(length), attributes.Length)..];
        }

        return [];
    }

    private void Record(IPAddress destination, string protocol, int port, int length, string reason)
    {
        if (seen.Count >= MostDestinations)
        {
            (destination, protocol, port, length, reason) = (IPAddress.Any, "any", 0, 0, EgressReasons.TooManyPackets);
        }

        if (seen.Add((destination, protocol, port)))
        {
            var host = names.TryFind(destination, out var name) ? name.Text : AddressRange.Unwrap(destination).ToString();
            recorder.Append(new NetworkConnection(sandbox, host, port, protocol, null, false, reason, EgressDecision.NoRule, length, 0, 0));
        }
    }

    private static int Aligned(int length) => (length + 3) & ~3;
}
