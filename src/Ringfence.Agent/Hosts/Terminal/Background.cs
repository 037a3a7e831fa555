using System.Globalization;

namespace Ringfence.Agent.Hosts.Terminal;

/// <summary>
/// Whether the terminal is light or dark. It is asked, and nobody waits: until the answer comes, if one ever does, the terminal's own colours are used.
/// </summary>
internal static class Background
{
    public const string Question = "\e]11;?\e\\";

    /// <summary>What an answer to <see cref="Question"/> says: <c>11;rgb:ffff/ffff/ffff</c>. Null when it is none.</summary>
    public static bool? IsLight(string answer)
    {
        if (!answer.StartsWith("11;rgb", StringComparison.Ordinal) || answer.IndexOf(':') is not (> 0 and var colon))
        {
            return null;
        }

        var parts = answer[(colon + 1)..].Split('/');
        var values = new double[3];

        for (var i = 0; i < 3; i++)
        {
            if (parts.Length < 3 || parts[i].Length is 0 or > 4 || !int.TryParse(parts[i], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
            {
                return null;
            }

            values[i] = value / (Math.Pow(16, parts[i].Length) - 1);
        }

        return (0.2126 * values[0]) + (0.7152 * values[1]) + (0.0722 * values[2]) > 0.5;
    }

    /// <summary>What some terminals say in COLORFGBG: <c>15;0</c> is white on black.</summary>
    public static bool? IsLightBy(string? foregroundAndBackground) =>
        foregroundAndBackground?.Split(';') is [_, .., var last] && int.TryParse(last, CultureInfo.InvariantCulture, out var colour) && colour is >= 0 and <= 15
            ? colour is 7 or > 8 : null;
}
