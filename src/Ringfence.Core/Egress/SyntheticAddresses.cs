using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Net;

namespace Ringfence.Egress;

/// <summary>
/// One address out of 198.18.0.0/15 (RFC 2544, never routed) per name that the sandbox asked for. The door reads the name back from it, so a
/// connection to any other address was never resolved here and is refused. Not thread-safe.
/// </summary>
public sealed class SyntheticAddresses
{
    /// <summary>Names that one run may ask for. A program that needs more is tunnelling, and would grow the supervisor.</summary>
    public const int Capacity = 16_384;

    private const uint First = 0xC612_0001;
    private readonly Dictionary<HostName, IPAddress> addresses = [];
    private readonly List<HostName> names = [];

    /// <summary>The name's address, always the same one in a run; false when the run has used up its names.</summary>
    public bool TryGet(HostName name, [NotNullWhen(true)] out IPAddress? address)
    {
        if (addresses.TryGetValue(name, out address))
        {
            return true;
        }

        if (names.Count == Capacity)
        {
            return false;
        }

        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, First + (uint)names.Count);
        address = new IPAddress(bytes);
        addresses.Add(name, address);
        names.Add(name);
        return true;
    }

    /// <summary>The name that this address was given out for.</summary>
    public bool TryFind(IPAddress address, out HostName name)
    {
        name = default;
        Span<byte> bytes = stackalloc byte[16];

        if (!AddressRange.Unwrap(address).TryWriteBytes(bytes, out var length) || length != 4)
        {
            return false;
        }

        var index = (long)BinaryPrimitives.ReadUInt32BigEndian(bytes) - First;

        if (index < 0 || index >= names.Count)
        {
            return false;
        }

        name = names[(int)index];
        return true;
    }
}
