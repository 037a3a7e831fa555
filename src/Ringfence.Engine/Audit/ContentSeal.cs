using System.IO.Compression;
using System.Security.Cryptography;

namespace Ringfence.Audit;

/// <summary>
/// Content at rest: one byte that says whether it is compressed, a random nonce, then AES-256-GCM under the run's key with the digest as associated
/// data, so that content cannot be passed off as other content.
/// </summary>
internal static class ContentSeal
{
    public const int KeySize = 32;

    private const int NonceSize = 12;
    private const int TagSize = 16;
    private const int HeaderSize = 1 + NonceSize;

    public static byte[] Seal(ReadOnlySpan<byte> key, ReadOnlySpan<byte> digest, ReadOnlySpan<byte> content)
    {
        var packed = Compress(content);
        var plain = packed.Length < content.Length ? packed : content;
        var result = new byte[HeaderSize + plain.Length + TagSize];
        result[0] = packed.Length < content.Length ? (byte)1 : (byte)0;
        var nonce = result.AsSpan(1, NonceSize);
        RandomNumberGenerator.Fill(nonce);

        using var aes = new AesGcm(key, TagSize);
        aes.Encrypt(nonce, plain, result.AsSpan(HeaderSize, plain.Length), result.AsSpan(HeaderSize + plain.Length), digest);
        return result;
    }

    /// <summary>The content, or null when it was altered or the key is another one.</summary>
    public static byte[]? Open(ReadOnlySpan<byte> key, ReadOnlySpan<byte> digest, ReadOnlySpan<byte> stored)
    {
        if (stored.Length < HeaderSize + TagSize)
        {
            return null;
        }

        var plain = new byte[stored.Length - HeaderSize - TagSize];

        try
        {
            using var aes = new AesGcm(key, TagSize);
            aes.Decrypt(stored.Slice(1, NonceSize), stored[HeaderSize..^TagSize], stored[^TagSize..], plain, digest);
            return stored[0] == 1 ? Decompress(plain) : plain;
        }
        catch (Exception exception) when (exception is AuthenticationTagMismatchException or InvalidDataException)
        {
            return null;
        }
    }

    private static ReadOnlySpan<byte> Compress(ReadOnlySpan<byte> content)
    {
        using var packed = new MemoryStream();

        using (var deflate = new DeflateStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            deflate.Write(content);
        }

        return packed.GetBuffer().AsSpan(0, (int)packed.Length);
    }

    private static byte[] Decompress(byte[] packed)
    {
        using var inflate = new DeflateStream(new MemoryStream(packed), CompressionMode.Decompress);
        using var content = new MemoryStream();
        inflate.CopyTo(content);
        return content.ToArray();
    }
}
