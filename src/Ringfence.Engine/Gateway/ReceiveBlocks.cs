using System.Buffers;
using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Ringfence.Gateway;

/// <summary>
/// Blocks of 64 KiB for what arrives. Agents send hundreds of kilobytes per call; in the server's own blocks of 4 KiB each body takes fifty receives, and
/// those cost more than all the rest of the call.
/// </summary>
internal sealed class ReceiveBlocks : MemoryPool<byte>, IMemoryPoolFactory<byte>
{
    private const int Size = 64 << 10;

    /// <summary>More than these in idle are left to the collector.</summary>
    private const int MostKept = 256;

    private readonly ConcurrentQueue<Block> free = new();

    public static ReceiveBlocks Instance { get; } = new();

    public override int MaxBufferSize => Size;

    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => this;

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, Size);
        return free.TryDequeue(out var block) ? block : new Block(this);
    }

    /// <summary>Gives the transport these blocks. The framework takes them from its service container alone, and here is none.</summary>
    public static void GiveTo(SocketTransportOptions options)
    {
        try
        {
            SetFactory(options, Instance);
        }
        catch (MissingMethodException)
        {
            // A framework that has renamed it: slower, and just as right.
        }
    }

    /// <inheritdoc cref="GiveTo(SocketTransportOptions)"/>
    public static void GiveTo(SocketConnectionFactoryOptions options)
    {
        try
        {
            SetFactory(options, Instance);
        }
        catch (MissingMethodException)
        {
            // As above.
        }
    }

    // Shared by every connection for as long as the process runs.
    protected override void Dispose(bool disposing)
    {
    }

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "set_MemoryPoolFactory")]
    private static extern void SetFactory(SocketTransportOptions options, IMemoryPoolFactory<byte> factory);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "set_MemoryPoolFactory")]
    private static extern void SetFactory(SocketConnectionFactoryOptions options, IMemoryPoolFactory<byte> factory);

    // Pinned once, so that no receive has to.
    private sealed class Block(ReceiveBlocks pool) : IMemoryOwner<byte>
    {
        public Memory<byte> Memory { get; } = GC.AllocateUninitializedArray<byte>(Size, pinned: true);

        public void Dispose()
        {
            if (pool.free.Count < MostKept)
            {
                pool.free.Enqueue(this);
            }
        }
    }
}
