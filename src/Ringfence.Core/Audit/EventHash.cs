using System.Security.Cryptography;

namespace Ringfence.Audit;

/// <summary>
/// The chain: <c>hash = SHA-256("ringfence-event-v1\0" ‖ previous hash ‖ bytes of the event)</c>. The first event follows 32 zero bytes.
/// </summary>
public static class EventHash
{
    public const int Size = 32;

    private static ReadOnlySpan<byte> Domain => "ringfence-event-v1\0"u8;

    public static ReadOnlySpan<byte> Genesis => new byte[Size];

    /// <param name="hash">Receives 32 bytes. May be the same memory as <paramref name="previous"/>.</param>
    public static void Compute(ReadOnlySpan<byte> previous, ReadOnlySpan<byte> body, Span<byte> hash)
    {
        var length = Domain.Length + Size + body.Length;
        var rented = length > 4096 ? System.Buffers.ArrayPool<byte>.Shared.Rent(length) : null;
        var message = rented is null ? stackalloc byte[length] : rented.AsSpan(0, length);

        Domain.CopyTo(message);
        previous.CopyTo(message[Domain.Length..]);
        body.CopyTo(message[(Domain.Length + Size)..]);
        SHA256.HashData(message, hash);

        if (rented is not null)
        {
            System.Buffers.ArrayPool<byte>.Shared.Return(rented);
        }
    }
}
