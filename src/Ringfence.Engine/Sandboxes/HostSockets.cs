using Ringfence.Workspaces;

namespace Ringfence.Sandboxes;

/// <summary>
/// Ways to a program of the host. A read-only mount does not stop a connect, nor a write to a pipe, and a socket such as Docker's is the host
/// itself, so no mount may hold one.
/// </summary>
internal static class HostSockets
{
    /// <summary>The path of one at or below a path without links; null when there is none.</summary>
    public static string? AtOrBelow(string path) =>
        Bound().FirstOrDefault(socket => IsAtOrBelow(socket, path)) ?? Mounted().Append(path).FirstOrDefault(place => IsAtOrBelow(place, path) && UnixFolder.KindAt(place) == UnixKind.Special);

    /// <summary>Those of our network, however deep, by the name that they were given when they were bound.</summary>
    private static IEnumerable<string> Bound() => File.ReadLines("/proc/net/unix")
        .Select(line => line.IndexOf('/', StringComparison.Ordinal) is >= 0 and var at ? line[at..] : "");

    /// <summary>Where something is mounted: so the socket of a container's host is shown in the container, which has a network of its own.</summary>
    private static IEnumerable<string> Mounted() => File.ReadLines("/proc/self/mountinfo").Select(line => line.Split(' ') is [_, _, _, _, var point, ..] ? point : "");

    private static bool IsAtOrBelow(string place, string path) => place == path || place.StartsWith(path.TrimEnd('/') + "/", StringComparison.Ordinal);
}
