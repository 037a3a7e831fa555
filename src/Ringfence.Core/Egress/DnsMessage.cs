using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace Ringfence.Egress;

/// <summary>The one question of a DNS query, and the answers that the door gives. All reading is bounded by the message; nothing is trusted.</summary>
/// <param name="Name">The name in printable form, for the record; null when it has bytes that no host name has.</param>
public sealed record DnsQuestion(ushort Id, HostName? Name, string Shown, ushort Type, ReadOnlyMemory<byte> Bytes, bool RecursionDesired)
{
    public const ushort TypeA = 1;
    public const ushort TypeAaaa = 28;

    private const int HeaderLength = 12;

    /// <summary>Reads a standard query with exactly one question of class IN; null for everything else.</summary>
    public static DnsQuestion? Read(ReadOnlyMemory<byte> message)
    {
        var bytes = message.Span;

        // QR and opcode zero, one question, no answers: a response or an update has no business here.
        if (bytes.Length < HeaderLength + 5 || (bytes[2] & 0xF8) != 0 || BinaryPrimitives.ReadUInt16BigEndian(bytes[4..]) != 1)
        {
            return null;
        }

        var labels = new List<string>();
        var at = HeaderLength;

        while (true)
        {
            var length = at < bytes.Length ? bytes[at] : byte.MaxValue;

            if (length == 0)
            {
                break;
            }

            // A length above 63 is a compression pointer, which a question never needs.
            if (length > 63 || at + 1 + length >= bytes.Length || at - HeaderLength > 255)
            {
                return null;
            }

            labels.Add(Encoding.Latin1.GetString(bytes.Slice(at + 1, length)));
            at += length + 1;
        }

        if (at + 5 > bytes.Length || BinaryPrimitives.ReadUInt16BigEndian(bytes[(at + 3)..]) != 1)
        {
            return null;
        }

        // A dot inside a label is not a separator: joined, it would read as another name.
        var joined = string.Join('.', labels.Select(l => l.Replace(".", "\\.", StringComparison.Ordinal)));
        HostName? name = joined.All(char.IsAscii) && HostName.TryParse(joined, out var parsed) ? parsed : null;

        return new DnsQuestion(
            BinaryPrimitives.ReadUInt16BigEndian(bytes), name, Printable.Escape(joined), BinaryPrimitives.ReadUInt16BigEndian(bytes[(at + 1)..]),
            message[HeaderLength..(at + 5)], (bytes[2] & 1) != 0);
    }

    /// <summary>An answer with this address, which the sandbox may keep for as long as the run lasts.</summary>
    public byte[] Answer(IPAddress address)
    {
        ReadOnlySpan<byte> record = [0xC0, 0x0C, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4];
        return [.. Head(rcode: 0, answers: 1), .. Bytes.Span, .. record, .. address.GetAddressBytes()];
    }

    /// <summary>The name exists and has no record of this type: clients fall back to what they can have.</summary>
    public byte[] NoData() => [.. Head(rcode: 0, answers: 0), .. Bytes.Span];

    public byte[] Refuse() => [.. Head(rcode: 5, answers: 0), .. Bytes.Span];

    private byte[] Head(byte rcode, byte answers) =>
        [(byte)(Id >> 8), (byte)Id, (byte)(0x80 | (RecursionDesired ? 1 : 0)), (byte)(0x80 | rcode), 0, 1, 0, answers, 0, 0, 0, 0];
}
