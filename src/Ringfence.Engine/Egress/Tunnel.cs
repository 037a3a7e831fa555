using System.Buffers;
using System.Net.Sockets;

namespace Ringfence.Egress;

/// <summary>Moves the bytes of a connection that stays closed to us, in both directions, until both have ended.</summary>
internal static class Tunnel
{
    private const int BufferSize = 65_536;

    /// <param name="mayTalk">Completes when the client's first bytes may be sent on.</param>
    public static async Task RunAsync(CapturedConnection connection, ClientStream client, Socket upstream, Task mayTalk)
    {
        await using var server = new NetworkStream(upstream, ownsSocket: true);
        var up = PumpAsync(connection, mayTalk, client, server, () => upstream.Shutdown(SocketShutdown.Send));
        var down = PumpAsync(connection, Task.CompletedTask, server, client, () => connection.Socket.Shutdown(SocketShutdown.Send));

        // When one direction breaks the other has nobody to talk to; an orderly end lets it finish.
        await foreach (var ended in Task.WhenEach(up, down))
        {
            if (!ended.IsCompletedSuccessfully)
            {
                connection.End();
            }
        }

        await Task.WhenAll(up, down);
    }

    private static async Task PumpAsync(CapturedConnection connection, Task gate, Stream from, Stream to, Action shutdown)
    {
        await gate;
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);

        try
        {
            while (await from.ReadAsync(buffer, connection.Life) is var read and > 0)
            {
                connection.StillAlive();
                await to.WriteAsync(buffer.AsMemory(0, read), connection.Life);
            }

            shutdown();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
