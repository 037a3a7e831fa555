using System.Globalization;

namespace Ringfence.Review;

/// <summary><c>hidden_text</c>: characters that make a reviewer see other code than a compiler does ("Trojan Source"), or that nobody sees.</summary>
internal static class HiddenTextGate
{
    private const int LongLine = 5000;

    public static IEnumerable<Finding> Review(IReadOnlyList<ReviewFile> files)
    {
        foreach (var file in files.Where(f => !f.IsLink))
        {
            foreach (var line in file.Added)
            {
                if (line.Text.EnumerateRunes().FirstOrDefault(r => IsHidden(r.Value)) is { Value: > 0 } rune)
                {
                    yield return file.At("hidden_text", FindingSeverity.Ask, string.Create(CultureInfo.InvariantCulture, $"character U+{rune.Value:X4}, which is not shown"), line.Number);
                }
                else if (line.Text.AsSpan().TrimEnd().Length > LongLine && line.Text.AsSpan().ContainsAnyExcept(' ', '\t') && line.Text.Contains(new string(' ', 200), StringComparison.Ordinal))
                {
                    yield return file.At("hidden_text", FindingSeverity.Ask, "text far beyond the edge of any screen", line.Number);
                }
            }
        }
    }

    // Direction controls, zero-width characters within text, tag characters, and escape.
    private static bool IsHidden(int rune) => rune is (>= 0x202A and <= 0x202E) or (>= 0x2066 and <= 0x2069) or (>= 0x200B and <= 0x200F)
        or 0x2060 or 0x061C or 0x00AD or 0x180E or 0x3164 or 0xFFA0 or (>= 0xE0000 and <= 0xE007F) or 0x1B or 0x08;
}
