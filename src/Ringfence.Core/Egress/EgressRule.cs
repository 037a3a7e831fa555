using System.Net;

namespace Ringfence.Egress;

/// <summary>One line of an allow list, understood. <see cref="Text"/> is what the user wrote and what the record shows.</summary>
public sealed record EgressRule(string Text, HostName Host)
{
    /// <summary>True when the rule denies: <c>!host</c>. A denial beats every permission.</summary>
    public bool Denies { get; init; }

    /// <summary>True for <c>*.suffix</c>: every name below <see cref="Host"/>, at any depth, never the suffix itself.</summary>
    public bool Below { get; init; }

    /// <summary>The one port, or null for the ports of the web: 80 and 443 (a denial without port covers all).</summary>
    public int? Port { get; init; }

    /// <summary>Upper-case HTTP methods; empty for all. Any method or path rule makes the door open TLS.</summary>
    public IReadOnlyList<string> Methods { get; init; } = [];

    /// <summary>The path exactly, or all that begin with it when it ended in <c>*</c>; null for all.</summary>
    public string? Path { get; init; }

    public bool PathIsPrefix { get; init; }

    /// <summary>The private network that the name may resolve into; null for public addresses only.</summary>
    public IPNetwork? Network { get; init; }

    public bool IsAboutRequests => Methods.Count > 0 || Path is not null;

    public bool MatchesHost(HostName name) => Below ? name.IsBelow(Host) : name == Host;

    public bool MatchesPort(int port) => Port is { } only ? port == only : Denies || port is 80 or 443;

    public bool MatchesMethod(string method) => Methods.Count == 0 || Methods.Contains(method, StringComparer.Ordinal);

    /// <summary>
    /// A permission is for the path as it is written. A denial is for everything that a server might take for the path: <c>/%61dmin</c>, <c>/Admin</c>
    /// and <c>/admin;x=1</c> are <c>/admin</c> to some.
    /// </summary>
    public bool MatchesPath(string path) => Path switch
    {
        null => true,
        _ when Denies && PathIsPrefix => AsServersReadIt(path).StartsWith(AsServersReadIt(Path), StringComparison.Ordinal),
        _ when Denies => AsServersReadIt(path).TrimEnd('/') == AsServersReadIt(Path).TrimEnd('/'),
        _ when PathIsPrefix => path.StartsWith(Path, StringComparison.Ordinal),
        _ => path == Path,
    };

    private static string AsServersReadIt(string path) =>
        string.Join('/', path.Split('/').Select(segment => Uri.UnescapeDataString(segment.Split(';')[0]).ToUpperInvariant()));
}
