namespace Ringfence.Sandboxes;

/// <summary>
/// Unix sockets of the host. A read-only mount does not stop a connect, and a socket such as Docker's is the host itself, so no mount may
/// hold one.
/// </summary>
internal static class ListeningSockets
{
    /// <summary>The path of a socket in or below the folder; null when there is none.</summary>
    public static string? Below(string folder) => Paths().FirstOrDefault(p => p.StartsWith(folder.TrimEnd('/') + "/", StringComparison.Ordinal));

    public static bool IsBound(string path) => Paths().Contains(path);

    private static IEnumerable<string> Paths() => File.ReadLines("/proc/net/unix")
        .Select(line => line.IndexOf('/', StringComparison.Ordinal) is >= 0 and var at ? line[at..] : "")
        .Where(path => path.Length > 0);
}
