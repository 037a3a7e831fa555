using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http;

namespace Ringfence.Gateway;

/// <summary>A request's body in rented memory: bodies are hundreds of kilobytes, and allocating each would keep the collector busy.</summary>
internal sealed class RequestBytes : IDisposable
{
    private byte[]? rented;
    private int length;

    private RequestBytes(byte[] rented, int length = 0)
    {
        this.rented = rented;
        this.length = length;
    }

    public ReadOnlyMemory<byte> Memory => rented.AsMemory(0, length);

    public ReadOnlySpan<byte> Span => rented.AsSpan(0, length);

    /// <summary>Reads the whole body. Null when it is larger than <paramref name="most"/>.</summary>
    [SuppressMessage("Reliability", "CA2000", Justification = "Handed to the caller, or disposed here when reading fails.")]
    public static async ValueTask<RequestBytes?> ReadAsync(HttpRequest request, long most, CancellationToken cancellationToken)
    {
        if (request.ContentLength > most)
        {
            await DrainAsync(request, most, cancellationToken);
            return null;
        }

        var body = new RequestBytes(ArrayPool<byte>.Shared.Rent((int)(request.ContentLength ?? 16 << 10)));

        try
        {
            while (true)
            {
                var result = await request.BodyReader.ReadAsync(cancellationToken);

                foreach (var segment in result.Buffer)
                {
                    body.Append(segment.Span);
                }

                request.BodyReader.AdvanceTo(result.Buffer.End);

                if (body.length > most)
                {
                    body.Dispose();
                    await DrainAsync(request, most, cancellationToken);
                    return null;
                }

                if (result.IsCompleted)
                {
                    return body;
                }
            }
        }
        catch
        {
            body.Dispose();
            throw;
        }
    }

    /// <summary>Moves the memory to a new owner; disposing this one then does nothing.</summary>
    public RequestBytes Keep() => new(Interlocked.Exchange(ref rented, null) ?? throw new ObjectDisposedException(nameof(RequestBytes)), length);

    public void Dispose()
    {
        if (Interlocked.Exchange(ref rented, null) is { } buffer)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // Clients that are still sending do not read an answer. What is a few times too large is read and dropped; more is cut off.
    private static async Task DrainAsync(HttpRequest request, long most, CancellationToken cancellationToken)
    {
        for (var left = most * 4; left > 0;)
        {
            var result = await request.BodyReader.ReadAsync(cancellationToken);
            left -= result.Buffer.Length;
            request.BodyReader.AdvanceTo(result.Buffer.End);

            if (result.IsCompleted)
            {
                return;
            }
        }
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        if (length + bytes.Length > rented!.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(length + bytes.Length, rented.Length * 2));
            rented.AsSpan(0, length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(rented);
            rented = larger;
        }

        bytes.CopyTo(rented.AsSpan(length));
        length += bytes.Length;
    }
}
