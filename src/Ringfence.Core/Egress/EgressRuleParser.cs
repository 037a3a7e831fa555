using System.Globalization;
using System.Net;

namespace Ringfence.Egress;

/// <summary>Reads <c>[!][METHODS ]host[:port][/path][@network]</c> and says what is wrong with anything else.</summary>
internal static class EgressRuleParser
{
    private const string Malformed = "network_pattern_malformed";
    private const string TooWide = "network_pattern_too_wide";
    private const string Address = "network_pattern_address";

    public static Result<EgressRule> Parse(string text)
    {
        var rest = text.Trim();
        var denies = rest.StartsWith('!');
        rest = denies ? rest[1..].TrimStart() : rest;

        if (rest.Length == 0 || rest.Any(char.IsControl))
        {
            return Fail(Malformed, text, "is empty or holds control characters", "Write a host name, such as example.com.");
        }

        if (rest.Contains("://", StringComparison.Ordinal))
        {
            return Fail(Malformed, text, "is a URL", "Write the host alone, with :port and /path where needed, without http:// or https://.");
        }

        var space = rest.IndexOf(' ', StringComparison.Ordinal);
        var methods = space < 0 ? [] : rest[..space].Split(',');
        rest = rest[(space + 1)..];

        if (methods.Any(m => m.Length == 0 || !m.All(char.IsAsciiLetterUpper)))
        {
            return Fail(Malformed, text, "has a space but no list of methods before it", "Write methods in capitals, such as GET,HEAD example.com.");
        }

        var at = rest.LastIndexOf('@');
        var (target, network) = at < 0 ? (rest, null) : (rest[..at], rest[(at + 1)..]);
        var slash = target.IndexOf('/', StringComparison.Ordinal);
        var (authority, path) = slash < 0 ? (target, null) : (target[..slash], target[slash..]);

        if (IsAddress(authority))
        {
            return Fail(Address, text, "is an address", "Write a host name. Addresses are never reached directly: names can be checked, addresses change owners. "
                + "For a host on a private network write name@network, such as git.corp.example@10.1.0.0/16.");
        }

        var colon = authority.LastIndexOf(':');
        var (host, portText) = colon < 0 ? (authority, null) : (authority[..colon], authority[(colon + 1)..]);
        var port = 0;

        if (portText is not null && (!int.TryParse(portText, NumberStyles.None, CultureInfo.InvariantCulture, out port) || port is < 1 or > 65535))
        {
            return Fail(Malformed, text, $"has the port '{portText}'", "Write one port from 1 to 65535, or none for 80 and 443.");
        }

        var below = host.StartsWith("*.", StringComparison.Ordinal);
        host = below ? host[2..] : host;

        if (host.Contains('*', StringComparison.Ordinal) || host.Length == 0)
        {
            return Fail(TooWide, text, host is "*" or "" ? "names every host" : "has a wildcard that is not a whole first label", "Write *.suffix below a domain that somebody owns, such as *.example.com.");
        }

        if (!HostName.TryParse(host, out var name))
        {
            return Fail(Malformed, text, $"does not hold a host name ('{host}')", "Write letters, digits, hyphens and dots, such as example.com.");
        }

        if (below && SharedSuffixes.IsShared(name))
        {
            return Fail(TooWide, text, $"covers names that anyone may register below '{name}'", "Name the host, or *.suffix below a domain that one owner holds.");
        }

        if (path is not null && path.TrimEnd('*').Contains('*', StringComparison.Ordinal) | path?.EndsWith("**", StringComparison.Ordinal) == true)
        {
            return Fail(Malformed, text, "has a * inside its path", "A path is exact, or ends in one *: /org/*.");
        }

        var rule = new EgressRule(text.Trim(), name)
        {
            Denies = denies,
            Below = below,
            Port = portText is null ? null : port,
            Methods = methods,
            Path = path?.TrimEnd('*'),
            PathIsPrefix = path?.EndsWith('*') == true,
        };

        return network is null ? rule : WithNetwork(rule, network);
    }

    private static Result<EgressRule> WithNetwork(EgressRule rule, string text)
    {
        var cidr = IPAddress.TryParse(text, out var single) ? $"{single}/{single.GetAddressBytes().Length * 8}" : text;

        if (!IPNetwork.TryParse(cidr, out var network))
        {
            return Fail(Malformed, rule.Text, $"has '{text}' after @, which is no network", "Write an address or a network in CIDR form: name@10.1.0.0/16.");
        }

        if (rule.Below)
        {
            return Fail(TooWide, rule.Text, "opens a private network to a wildcard", "Name each host: whoever serves a wildcard's names could point one anywhere in it.");
        }

        return AddressRange.TouchesMetadata(network)
            ? Fail(TooWide, rule.Text, "covers link-local or metadata addresses", "Name a smaller network: credentials of the machine are served there, and no rule opens it.")
            : rule with { Network = network };
    }

    // IPAddress reads "1", "0x7f.1" and "127.1" as addresses, as inet_aton does: all are refused here, in brackets or with a port too.
    private static bool IsAddress(string authority) =>
        IPAddress.TryParse(authority.Trim('[', ']'), out _) || IPEndPoint.TryParse(authority, out _) || IPNetwork.TryParse(authority, out _);

    private static Failure Fail(string code, string text, string what, string hint) =>
        new(code, $"The network pattern '{Printable.Escape(text)}' {what}.", hint);
}
