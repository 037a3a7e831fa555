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

    public static RunId New(TimeProvider time) =>
        new(string.Create(16, time.GetUtcNow().ToUnixTimeMilliseconds(), static (span, milliseconds) =>
        {
            for (var i = 9; i >= 0; i--, milliseconds >>= 5)
            {
                span[i] = Alphabet[(int)(milliseconds & 31)];
            }

            RandomNumberGenerator.GetItems(Alphabet, span[10..]);
        }));

    public static bool IsValid(string text) => text.Length == 16 && text.All(Alphabet.Contains);

    /// <summary>Whether a text may be the beginning of an id. All begin with 0 until the year 3084.</summary>
    public static bool IsBeginning(string text) => text.Length is > 0 and <= 16 && text[0] == '0' && text.All(Alphabet.Contains);

    public override string ToString() => Value;
}
