using System.Net.Sockets;

namespace Ringfence.Egress;

/// <summary>The sandbox's side of a connection: gives back the bytes that were read to judge it, then the socket's, and counts both ways.</summary>
internal sealed class ClientStream(CapturedConnection connection, ByteMeter meter) : NetworkStream(connection.Socket, ownsSocket: false)
{
    private byte[] replay = [];
    private int replayed;

    /// <summary>Reads the first bytes until it is clear what they are, and puts them back.</summary>
    public async Task<ClientOpening> PeekAsync(CancellationToken cancellationToken)
    {
        var buffer = new byte[4096];
        var length = 0;

        while (true)
        {
            var read = await ReadAsync(buffer.AsMemory(length), cancellationToken);
            length += read;
            var opening = ClientOpening.Read(buffer.AsSpan(0, length));

            if (read == 0 || opening.Kind != OpeningKind.Unknown)
            {
                replay = buffer[..length];
                return opening;
            }

            if (length == buffer.Length)
            {
                Array.Resize(ref buffer, 2 * length);
            }
        }
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (replayed < replay.Length)
        {
            var length = Math.Min(replay.Length - replayed, buffer.Length);
            replay.AsSpan(replayed, length).CopyTo(buffer.Span);
            replayed += length;
            return length;
        }

        using var either = Either(cancellationToken);
        var read = await base.ReadAsync(buffer, either?.Token ?? connection.Life);
        meter.CountUp(connection, read);
        return read;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        meter.CountDown(connection, buffer.Length);
        connection.StillAlive();
        using var either = Either(cancellationToken);
        await base.WriteAsync(buffer, either?.Token ?? connection.Life);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    private CancellationTokenSource? Either(CancellationToken cancellationToken) =>
        cancellationToken.CanBeCanceled && cancellationToken != connection.Life
            ? CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, connection.Life)
            : null;
}
