using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Ringfence.Agent.Context;

/// <summary>Which files the model has read, and as what: a file that changed since must be read again before it is edited.</summary>
internal sealed class FilesSeen
{
    private readonly ConcurrentDictionary<string, Fingerprint> seen = new(StringComparer.Ordinal);

    public IEnumerable<string> Paths => seen.Keys;

    /// <param name="whole">False when only a part was shown.</param>
    public void Remember(string path, ReadOnlySpan<byte> bytes, bool whole = true) => seen[path] = Fingerprint.Of(bytes, whole);

    public void Forget() => seen.Clear();

    public bool Has(string path) => seen.ContainsKey(path);

    public bool IsUnchanged(string path, ReadOnlySpan<byte> bytes) =>
        seen.TryGetValue(path, out var before) && before with { Whole = true } == Fingerprint.Of(bytes, whole: true);

    private readonly record struct Fingerprint(long Length, ulong Hash, bool Whole)
    {
        // Guards against accidents, not against forgery: a cryptographic hash would load a library for nothing.
        public static Fingerprint Of(ReadOnlySpan<byte> bytes, bool whole)
        {
            var hash = 14695981039346656037UL;
            var words = MemoryMarshal.Cast<byte, ulong>(bytes);

            foreach (var word in words)
            {
                hash = (hash ^ word) * 1099511628211UL;
                hash ^= hash >> 29;
            }

            foreach (var b in bytes[(words.Length * 8)..])
            {
                hash = (hash ^ b) * 1099511628211UL;
            }

            return new Fingerprint(bytes.Length, hash, whole);
        }
    }
}
