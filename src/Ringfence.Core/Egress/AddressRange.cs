using System.Net;
using System.Net.Sockets;

namespace Ringfence.Egress;

/// <summary>Tells public addresses from those that lead back into somebody's own network.</summary>
public static class AddressRange
{
    // Everything that IANA's special-purpose registries (RFC 6890) do not call globally reachable, and multicast.
    private static readonly IPNetwork[] NotPublic =
    [
        .. Networks(
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
            "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3"),
        .. Networks("::/96", "64:ff9b::/32", "100::/64", "2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/9", "ff00::/8"),
    ];

    // No rule opens these: cloud credentials are one unauthenticated request away there. Azure's agent service (168.63.129.16) has a public address.
    private static readonly IPNetwork[] Metadata =
        [.. Networks("169.254.0.0/16", "168.63.129.16/32", "100.100.100.200/32", "fd00:ec2::/32", "fd20:ce::/32", "fe80::/10")];

    /// <summary>True for an address that is reachable from anywhere and therefore nobody's secret.</summary>
    public static bool IsPublic(IPAddress address)
    {
        var inner = Unwrap(address);
        return !Contains(NotPublic, inner) && !IsMetadata(inner);
    }

    /// <summary>True for link-local addresses and the metadata services of cloud providers.</summary>
    public static bool IsMetadata(IPAddress address) => Contains(Metadata, Unwrap(address));

    /// <summary>True when the network and the metadata ranges have an address in common.</summary>
    public static bool TouchesMetadata(IPNetwork network) => Metadata.Any(m => m.Contains(network.BaseAddress) || network.Contains(m.BaseAddress));

    /// <summary>
    /// The IPv4 address inside an IPv6 address that a translator or tunnel would reach: mapped, NAT64 (RFC 6052) and 6to4 (RFC 3056). A NAT64 prefix
    /// of somebody's own (RFC 8215) is left as it is, and is not public: only its owner knows where in it the address stands.
    /// </summary>
    public static IPAddress Unwrap(IPAddress address)
    {
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return address;
        }

        var bytes = address.GetAddressBytes();
        ReadOnlySpan<byte> nat64 = [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0];

        return address.IsIPv4MappedToIPv6 ? address.MapToIPv4()
            : bytes.AsSpan().StartsWith(nat64) ? new IPAddress(bytes.AsSpan(12))
            : bytes[0] == 0x20 && bytes[1] == 0x02 ? new IPAddress(bytes.AsSpan(2, 4))
            : new IPAddress(bytes);
    }

    private static bool Contains(IPNetwork[] networks, IPAddress address) => networks.Any(n => n.Contains(address));

    private static IEnumerable<IPNetwork> Networks(params string[] texts) => texts.Select(IPNetwork.Parse);
}
