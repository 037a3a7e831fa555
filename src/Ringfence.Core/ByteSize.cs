using System.Globalization;

namespace Ringfence;

/// <summary>Sizes as people write them: <c>4GiB</c>, <c>512MiB</c>, <c>100MB</c>, or bytes as a plain number.</summary>
public static class ByteSize
{
    private static readonly (string Unit, long Bytes)[] Units =
        [("KiB", 1L << 10), ("MiB", 1L << 20), ("GiB", 1L << 30), ("TiB", 1L << 40), ("KB", 1000), ("MB", 1000_000), ("GB", 1000_000_000), ("", 1)];

    public static bool TryParse(string? text, out long bytes)
    {
        bytes = 0;
        var trimmed = text?.Trim() ?? "";
        var (unit, size) = Units.First(candidate => trimmed.EndsWith(candidate.Unit, StringComparison.OrdinalIgnoreCase));

        if (!decimal.TryParse(trimmed[..^unit.Length].TrimEnd(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            || number * size > long.MaxValue)
        {
            return false;
        }

        bytes = (long)(number * size);
        return true;
    }
}
