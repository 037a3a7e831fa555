using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace Ringfence.Agents;

/// <summary>
/// What is known of a program's file, asked once for as long as the file is the same: an agent has hundreds of megabytes, and a server starts it every minute.
/// </summary>
internal static class ProgramFile
{
    private static readonly ConcurrentDictionary<Seen, string> Digests = new();
    private static readonly ConcurrentDictionary<Seen, string> Words = new();

    /// <summary>SHA-256, lower-case hex.</summary>
    public static Task<string> DigestAsync(string file, CancellationToken cancellationToken) => KnownAsync(Digests, file, async () =>
    {
        await using var stream = File.OpenRead(file);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellationToken));
    });

    /// <summary>What it answers to a question that has one answer for each build of it. Nothing is kept of an answer that is empty.</summary>
    public static Task<string> AskedAsync(string file, Func<Task<string>> ask) => KnownAsync(Words, file, ask);

    private static async Task<string> KnownAsync(ConcurrentDictionary<Seen, string> known, string file, Func<Task<string>> find)
    {
        var info = new FileInfo(file);
        var seen = new Seen(info.FullName, info.Length, info.LastWriteTimeUtc.Ticks);

        if (!known.TryGetValue(seen, out var answer))
        {
            answer = await find();

            if (answer.Length > 0)
            {
                known[seen] = answer;
            }
        }

        return answer;
    }

    /// <summary>A file is replaced as a rule, and then its time is another.</summary>
    private sealed record Seen(string Path, long Length, long Written);
}
