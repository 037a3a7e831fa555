using System.Globalization;
using System.Text.RegularExpressions;

namespace Ringfence;

/// <summary>Durations as people write them: <c>90s</c>, <c>30m</c>, <c>1h30m</c>, or seconds as a plain number.</summary>
public static partial class Duration
{
    public static bool TryParse(string? text, out TimeSpan duration)
    {
        duration = default;
        var match = Grammar().Match(text?.Trim() ?? "");

        for (var i = 0; i < match.Groups["number"].Captures.Count; i++)
        {
            var number = double.Parse(match.Groups["number"].Captures[i].ValueSpan, CultureInfo.InvariantCulture);
            duration += match.Groups["unit"].Captures[i].Value switch
            {
                "ms" => TimeSpan.FromMilliseconds(number),
                "m" => TimeSpan.FromMinutes(number),
                "h" => TimeSpan.FromHours(number),
                "d" => TimeSpan.FromDays(number),
                _ => TimeSpan.FromSeconds(number),
            };
        }

        return match.Success;
    }

    /// <summary>
    /// Two units at most: <c>7d</c>, <c>1d 4h</c>, <c>1h 5m</c>, <c>3m 20s</c>, <c>40 s</c>, <c>4.2 s</c>, <c>35 ms</c>. What is shown can also be read.
    /// </summary>
    public static string Show(TimeSpan duration) => duration switch
    {
        { TotalDays: >= 1 } => Two(duration.Days, "d", duration.Hours, "h"),
        { TotalHours: >= 1 } => Two(duration.Hours, "h", duration.Minutes, "m"),
        { TotalMinutes: >= 1 } => Two(duration.Minutes, "m", duration.Seconds, "s"),
        { TotalSeconds: >= 1 } => string.Create(CultureInfo.InvariantCulture, $"{duration.TotalSeconds:0.#} s"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{duration.TotalMilliseconds:0} ms"),
    };

    private static string Two(int more, string unit, int rest, string smaller) => rest == 0
        ? string.Create(CultureInfo.InvariantCulture, $"{more}{unit}")
        : string.Create(CultureInfo.InvariantCulture, $"{more}{unit} {rest}{smaller}");

    // Seven digits: more than 100 days in seconds, and no overflow in days.
    [GeneratedRegex(@"^(?:(?<number>\d{1,7}(?:\.\d{1,3})?) ?(?<unit>ms|s|m|h|d|(?=$)) ?)+$")]
    private static partial Regex Grammar();
}
