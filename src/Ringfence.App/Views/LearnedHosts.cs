using Ringfence.Audit;

namespace Ringfence.App.Views;

/// <summary>The hosts that <c>--network learn</c> let through, as <c>--allow</c> takes them: what to paste to make the next run strict.</summary>
internal static class LearnedHosts
{
    public static IReadOnlyList<string> Of(IEnumerable<NetworkConnection> connections) =>
        [.. connections.Where(c => c.Allowed && c.Reason == "learned" && c.Protocol != "dns")
            .Select(c => c.Port is 443 or 80 ? c.Host : $"{c.Host}:{c.Port}").Distinct().Order(StringComparer.Ordinal)];

    public static string AsFlags(IReadOnlyList<string> hosts) => string.Join(' ', hosts.Select(host => $"--allow {host}"));
}
