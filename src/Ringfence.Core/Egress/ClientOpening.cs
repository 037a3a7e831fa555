namespace Ringfence.Egress;

public enum OpeningKind
{
    /// <summary>More bytes are needed to tell.</summary>
    Unknown,
    Tls,
    MalformedTls,
    Http,

    /// <summary>HTTP/2 without TLS, by prior knowledge.</summary>
    Http2,
    Ssh,
    Other,
}

/// <summary>What a connection's first bytes are. The client of every protocol that the door knows speaks first.</summary>
/// <param name="Hello">The hello when it is TLS.</param>
public sealed record ClientOpening(OpeningKind Kind, TlsClientHello? Hello = null)
{
    /// <summary>A request line may be this long before it is taken for something else. Bytes; servers commonly stop at 8 KiB.</summary>
    private const int MaxLine = 32_768;

    public static ClientOpening Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
        {
            return new(OpeningKind.Unknown);
        }

        if (bytes[0] == TlsClientHello.HandshakeRecord)
        {
            return TlsClientHello.Read(bytes, out var hello) switch
            {
                TlsClientHello.ReadState.Complete => new(OpeningKind.Tls, hello),
                TlsClientHello.ReadState.Malformed => new(OpeningKind.MalformedTls),
                _ => new(OpeningKind.Unknown),
            };
        }

        if ("SSH-"u8.StartsWith(bytes[..Math.Min(4, bytes.Length)]))
        {
            return new(bytes.Length < 4 ? OpeningKind.Unknown : OpeningKind.Ssh);
        }

        var end = bytes.IndexOf((byte)'\n');
        var line = (end < 0 ? bytes : bytes[..end]).TrimEnd((byte)'\r');

        if (line.ContainsAnyInRange((byte)0, (byte)8) || line.Length > MaxLine)
        {
            return new(OpeningKind.Other);
        }

        if (end < 0)
        {
            return new(OpeningKind.Unknown);
        }

        // "METHOD target HTTP/1.x": judged by its last word, since methods are the client's to invent.
        var version = line[(line.LastIndexOf((byte)' ') + 1)..];
        return new(
            line.SequenceEqual("PRI * HTTP/2.0"u8) ? OpeningKind.Http2
            : version.StartsWith("HTTP/"u8) || version.StartsWith("http/"u8) ? OpeningKind.Http
            : OpeningKind.Other);
    }
}
