using System.Numerics;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Ringfence.Gateway;

/// <summary>
/// Finds where an object or array ends, sixty-four bytes at a step: which of them are quotes, which of those are escaped, which bytes lie inside a string, which
/// brackets do not (the way of simdjson). Source code in JSON has an escape every thirty bytes, so hopping from one to the next costs five times more.
/// </summary>
internal static class JsonNesting
{
    private const int Step = 64;
    private const ulong EvenBits = 0x5555_5555_5555_5555;

    /// <summary>The place after the bracket that closes the one at <paramref name="at"/>; -1 when there is none, or a backslash stands outside a string.</summary>
    public static int End(ReadOnlySpan<byte> json, int at)
    {
        Span<byte> last = stackalloc byte[Step];
        var (depth, inString, escape) = (0L, 0UL, 0UL);

        for (; at < json.Length; at += Step)
        {
            scoped var block = json[at..];

            if (block.Length < Step)
            {
                last.Clear();
                block.CopyTo(last);
                block = last;
            }

            var low = Vector256.Create<byte>(block);
            var high = Vector256.Create<byte>(block[32..]);
            var backslashes = Where(low, high, (byte)'\\');
            var quotes = Where(low, high, (byte)'"') & ~Escaped(backslashes, ref escape);
            var strings = Inside(quotes) ^ inString;
            inString = (ulong)((long)strings >> 63);

            if ((backslashes & ~strings) != 0)
            {
                return -1;
            }

            // Square and curly brackets differ in one bit, which is set here for both.
            var bit = Vector256.Create((byte)0x20);
            var opened = Where(low | bit, high | bit, (byte)'{') & ~strings;
            var closed = Where(low | bit, high | bit, (byte)'}') & ~strings;

            if (depth > BitOperations.PopCount(closed))
            {
                depth += BitOperations.PopCount(opened) - BitOperations.PopCount(closed);
                continue;
            }

            for (var brackets = opened | closed; brackets != 0; brackets &= brackets - 1)
            {
                depth += (opened & brackets & (~brackets + 1)) != 0 ? 1 : -1;

                if (depth <= 0)
                {
                    return at + BitOperations.TrailingZeroCount(brackets) + 1;
                }
            }
        }

        return -1;
    }

    private static ulong Where(Vector256<byte> low, Vector256<byte> high, byte value)
    {
        var sought = Vector256.Create(value);
        return Vector256.Equals(low, sought).ExtractMostSignificantBits() | ((ulong)Vector256.Equals(high, sought).ExtractMostSignificantBits() << 32);
    }

    // A run of backslashes escapes what follows when its length is odd; the sum carries through the run and shows where it ends.
    private static ulong Escaped(ulong backslashes, ref ulong carried)
    {
        if (backslashes == 0)
        {
            var first = carried;
            carried = 0;
            return first;
        }

        backslashes &= ~carried;
        var follows = (backslashes << 1) | carried;
        var oddStarts = backslashes & ~EvenBits & ~follows;
        var sum = unchecked(oddStarts + backslashes);
        carried = sum < oddStarts ? 1UL : 0;
        return (EvenBits ^ (sum << 1)) & follows;
    }

    // Bit n is set when an odd number of quotes stand at or before it: inside a string.
    private static ulong Inside(ulong quotes)
    {
        if (Pclmulqdq.IsSupported)
        {
            return Pclmulqdq.CarrylessMultiply(Vector128.CreateScalar(quotes), Vector128<ulong>.AllBitsSet, 0).ToScalar();
        }

        for (var shift = 1; shift < Step; shift <<= 1)
        {
            quotes ^= quotes << shift;
        }

        return quotes;
    }
}
