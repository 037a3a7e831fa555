using System.Buffers.Binary;
using System.Text;

namespace Ringfence.Egress;

/// <summary>
/// What a TLS client says before encryption begins (RFC 8446, 4.1.2). Read strictly: a hello that two readers could understand differently, with
/// an extension or a name twice or with lengths that do not add up, is malformed, because the server may be the other reader.
/// </summary>
/// <param name="ServerName">The one host name asked for; null when there is none.</param>
/// <param name="IsEncrypted">True when it carries an inner hello that we cannot read (ECH).</param>
public sealed record TlsClientHello(string? ServerName, bool IsEncrypted, IReadOnlyList<string> Protocols)
{
    public const byte HandshakeRecord = 22;

    private const int MaxRecord = 16_384;
    private const int MaxHello = 65_536;

    // A hello is read anew whenever more of it comes: cut into tens of thousands of records, its bytes one by one would cost minutes of our processor.
    private const int MaxRecords = 128;
    private const ushort ServerNameExtension = 0;
    private const ushort ProtocolsExtension = 16;
    private const ushort EncryptedHelloExtension = 0xFE0D;

    public enum ReadState
    {
        Incomplete,
        Malformed,
        Complete,
    }

    /// <summary>Reads a hello from the first bytes of a connection; it may be spread over several records.</summary>
    public static ReadState Read(ReadOnlySpan<byte> bytes, out TlsClientHello? hello)
    {
        hello = null;
        var message = new List<byte>();

        for (var records = 0; ; records++)
        {
            if (message.Count >= 4 && message[0] != 1)
            {
                return ReadState.Malformed;
            }

            var length = message.Count < 4 ? MaxHello : (message[1] << 16) | (message[2] << 8) | message[3];

            if (length > MaxHello || (records > MaxRecords && message.Count < 4 + length))
            {
                return ReadState.Malformed;
            }

            if (message.Count >= 4 && message.Count >= 4 + length)
            {
                // Nothing may follow the hello in its flight: the server has not spoken yet.
                var body = message.Count == 4 + length ? Parse([.. message.Skip(4)]) : null;
                hello = body;
                return body is null ? ReadState.Malformed : ReadState.Complete;
            }

            if (bytes.Length < 5)
            {
                return bytes.Length > 0 && bytes[0] != HandshakeRecord ? ReadState.Malformed : ReadState.Incomplete;
            }

            int record = BinaryPrimitives.ReadUInt16BigEndian(bytes[3..]);

            if (bytes[0] != HandshakeRecord || bytes[1] != 3 || record is 0 or > MaxRecord)
            {
                return ReadState.Malformed;
            }

            if (bytes.Length < 5 + record)
            {
                return ReadState.Incomplete;
            }

            message.AddRange(bytes.Slice(5, record));
            bytes = bytes[(5 + record)..];
        }
    }

    private static TlsClientHello? Parse(ReadOnlySpan<byte> body)
    {
        var reader = new Reader(body);

        if (!reader.Skip(2 + 32) || !reader.Take(1, out _) || !reader.Take(2, out _) || !reader.Take(1, out _))
        {
            return null;
        }

        if (reader.IsEmpty)
        {
            return new TlsClientHello(null, false, []);
        }

        if (!reader.Take(2, out var extensions) || !reader.IsEmpty)
        {
            return null;
        }

        var seen = new HashSet<ushort>();
        string? name = null;
        IReadOnlyList<string>? protocols = [];
        var list = new Reader(extensions);

        while (!list.IsEmpty)
        {
            if (!list.Number(out var type) || !list.Take(2, out var data) || !seen.Add(type))
            {
                return null;
            }

            if ((type == ServerNameExtension && (name = ReadServerName(data)) is null)
                || (type == ProtocolsExtension && (protocols = ReadProtocols(data)) is null))
            {
                return null;
            }
        }

        return new TlsClientHello(name, seen.Contains(EncryptedHelloExtension), protocols);
    }

    private static string? ReadServerName(ReadOnlySpan<byte> data)
    {
        var outer = new Reader(data);

        if (!outer.Take(2, out var names) || !outer.IsEmpty)
        {
            return null;
        }

        var list = new Reader(names);
        return list.Skip(1) && names[0] == 0 && list.Take(2, out var name) && list.IsEmpty && Ascii.IsValid(name) && !name.IsEmpty
            ? Encoding.ASCII.GetString(name)
            : null;
    }

    private static List<string>? ReadProtocols(ReadOnlySpan<byte> data)
    {
        var outer = new Reader(data);

        if (!outer.Take(2, out var names) || !outer.IsEmpty)
        {
            return null;
        }

        var list = new Reader(names);
        var protocols = new List<string>();

        while (!list.IsEmpty)
        {
            if (!list.Take(1, out var name))
            {
                return null;
            }

            protocols.Add(Encoding.Latin1.GetString(name));
        }

        return protocols;
    }

    private ref struct Reader(ReadOnlySpan<byte> rest)
    {
        private ReadOnlySpan<byte> rest = rest;

        public readonly bool IsEmpty => rest.IsEmpty;

        public bool Skip(int count)
        {
            var enough = rest.Length >= count;
            rest = enough ? rest[count..] : rest;
            return enough;
        }

        public bool Number(out ushort number) => BinaryPrimitives.TryReadUInt16BigEndian(rest, out number) && Skip(2);

        /// <summary>Takes a vector behind its length of one or two bytes.</summary>
        public bool Take(int prefix, out ReadOnlySpan<byte> vector)
        {
            vector = default;
            var length = rest.Length < prefix ? -1 : prefix == 1 ? rest[0] : BinaryPrimitives.ReadUInt16BigEndian(rest);

            if (length < 0 || rest.Length < prefix + length)
            {
                return false;
            }

            vector = rest.Slice(prefix, length);
            return Skip(prefix + length);
        }
    }
}
