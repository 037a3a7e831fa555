using System.Buffers;
using System.Net;

namespace Ringfence.Egress;

/// <summary>A request's body, passed on chunk by chunk as it comes: what a client streams must not wait for its end.</summary>
internal sealed class RelayedBody : HttpContent
{
    private readonly Stream body;

    /// <param name="length">As the client announced it; null for chunks.</param>
    public RelayedBody(Stream body, long? length)
    {
        this.body = body;
        Headers.ContentLength = length;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(65_536);

        try
        {
            while (await body.ReadAsync(buffer, cancellationToken) is var read and > 0)
            {
                await stream.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
                await stream.FlushAsync(cancellationToken);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
