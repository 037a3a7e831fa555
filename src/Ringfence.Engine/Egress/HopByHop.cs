namespace Ringfence.Egress;

/// <summary>Headers that speak of one connection and must not reach the next (RFC 9110, 7.6.1), with those that a proxy would act upon.</summary>
internal static class HopByHop
{
    private static readonly string[] Always =
    [
        "Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization", "TE", "Trailer", "Transfer-Encoding", "Upgrade",
        "HTTP2-Settings", "Host", "Expect", "X-Content-Length",

        // It invites to QUIC, or to another host for the same name.
        "Alt-Svc",
    ];

    public static HashSet<string> In(IEnumerable<string?> connection) =>
        new(Always.Concat(connection.SelectMany(v => (v ?? "").Split(',', StringSplitOptions.TrimEntries))), StringComparer.OrdinalIgnoreCase);
}
