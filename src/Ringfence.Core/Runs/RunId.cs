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

    private static readonly Lock Making = new();

    private static (long Millisecond, long Chance) last;

    /// <summary>An id above every other that this process made in the same millisecond, so that what came first is also listed and queued first.</summary>
    public static RunId New(TimeProvider time)
    {
        long millisecond, chance;

        lock (Making)
        {
            millisecond = time.GetUtcNow().ToUnixTimeMilliseconds();
            chance = millisecond == last.Millisecond ? last.Chance + RandomNumberGenerator.GetInt32(1, 1 << 16) : RandomNumberGenerator.GetInt32(1 << 29);
            last = (millisecond, chance);
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
}
