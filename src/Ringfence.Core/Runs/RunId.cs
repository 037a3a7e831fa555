using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace Ringfence.Runs;

/// <summary>
/// Names a run: 16 characters, ten of time and six of chance, in Crockford's base 32 (no i, l, o, u), so that ids sort by creation,
/// can be read aloud, and fit a branch name. People may type any unambiguous prefix.
/// </summary>
public readonly record struct RunId(string Value)
{
    /// <summary>What people type for the newest run. No id begins with it.</summary>
    public const string Newest = "last";

    private const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

    // One for each clock: what is made by another one in between takes nothing from the order.
    private static readonly ConditionalWeakTable<TimeProvider, Latest> Made = [];

    /// <summary>
    /// An id above every other that this process made by the same clock, also in one millisecond and where the clock was set back, so that what came first
    /// is also listed and queued first.
    /// </summary>
    public static RunId New(TimeProvider time)
    {
        var latest = Made.GetOrCreateValue(time);
        long millisecond, chance;

        lock (latest)
        {
            millisecond = time.GetUtcNow().ToUnixTimeMilliseconds();
            (millisecond, chance) = millisecond > latest.Millisecond
                ? (millisecond, RandomNumberGenerator.GetInt32(1 << 29))
                : (latest.Millisecond, latest.Chance + RandomNumberGenerator.GetInt32(1, 1 << 16));
            (latest.Millisecond, latest.Chance) = (millisecond, chance);
        }

        return new(string.Create(16, ((UInt128)millisecond << 30) + (UInt128)chance, static (span, rest) =>
        {
            for (var i = span.Length - 1; i >= 0; i--, rest >>= 5)
            {
                span[i] = Alphabet[(int)(rest & 31)];
            }
        }));
    }

    public static bool IsValid(string text) => text.Length == 16 && text.All(Alphabet.Contains);

    /// <summary>Whether a text may be the beginning of an id. All begin with 0 until the year 3084.</summary>
    public static bool IsBeginning(string text) => text.Length is > 0 and <= 16 && text[0] == '0' && text.All(Alphabet.Contains);

    public override string ToString() => Value;

    private sealed class Latest
    {
        public long Millisecond { get; set; } = long.MinValue;

        public long Chance { get; set; }
    }
}
