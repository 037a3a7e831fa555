using System.Globalization;
using System.Text.RegularExpressions;

namespace Ringfence.App.Views;

/// <summary>Limits in bytes as people say them: 4294967296 bytes are 4 GiB.</summary>
internal static partial class ByteCount
{
    private const long Mebibyte = 1 << 20;
    private const long Gibibyte = 1 << 30;

    /// <summary>Whole mebibytes and gibibytes are said so; every other number stays as it is.</summary>
    public static string InWords(string text) => Number().Replace(text, match =>
        !long.TryParse(match.Groups[1].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes) || bytes % Mebibyte != 0 ? match.Value
        : bytes % Gibibyte == 0 ? $"{bytes / Gibibyte} GiB" : $"{bytes / Mebibyte} MiB");

    [GeneratedRegex(@"\b(\d{7,19})\b(?: bytes)?")]
    private static partial Regex Number();
}
