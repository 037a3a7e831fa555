using System.Collections.Concurrent;

namespace Ringfence.Sandboxes;

/// <summary>
/// Digests of executables that no sandbox can write, by device, inode, size and change time, so that the next sandbox need not read a
/// hundred megabytes of compiler again. The cache holds what is costly and common, and is bounded: full, it starts anew.
/// </summary>
internal static class KnownDigests
{
    private const int Most = 2048;

    private static readonly ConcurrentDictionary<string, string> Digests = new(StringComparer.Ordinal);

    public static void Add(string file, string digest)
    {
        if (Digests.Count >= Most)
        {
            Digests.Clear();
        }

        Digests[file] = digest;
    }

    public static KeyValuePair<string, string>[] All => Digests.ToArray();
}
