using System.Globalization;

namespace Ringfence.Budgets;

/// <summary>
/// What a budget is over: <c>run:ID</c>, <c>workflow:NAME:day</c>, <c>team:7:month</c>… A limit is set for a scope; money is counted under its key, which
/// has the window in it (<c>team:7:day:2026-11-20</c>), so that nothing is ever reset.
/// </summary>
public static class ScopeKey
{
    /// <summary>Stands for everything, in stops.</summary>
    public const string All = "all";

    private static readonly string[] Kinds = ["run", "workflow", "repository", "team", "organisation", "key", "provider"];

    /// <summary>Checks a scope that a person wrote.</summary>
    public static Result<string> Parse(string text)
    {
        var parts = text.Split(':', 2);

        if (parts.Length < 2 || parts[1].Length is 0 or > 200 || !Kinds.Contains(parts[0]))
        {
            return new Failure("bad_scope", $"{Printable.Escape(text)} is not a scope.", $"Write KIND:NAME, KIND:NAME:day or KIND:NAME:month; kinds: {string.Join(", ", Kinds)}.");
        }

        return parts[1].Any(c => c < ' ')
            ? new Failure("bad_scope", $"{Printable.Escape(text)} has characters that cannot be in a scope.")
            : text;
    }

    /// <summary>The key under which <paramref name="scope"/> counts money at <paramref name="now"/>.</summary>
    public static string At(string scope, DateTimeOffset now, TimeZoneInfo zone)
    {
        var local = TimeZoneInfo.ConvertTime(now, zone);

        return scope.EndsWith(":day", StringComparison.Ordinal) ? $"{scope}:{local.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}"
            : scope.EndsWith(":month", StringComparison.Ordinal) ? $"{scope}:{local.ToString("yyyy-MM", CultureInfo.InvariantCulture)}"
            : scope;
    }

    /// <summary>Whether a stop of <paramref name="stopped"/> covers <paramref name="key"/>: the same, a part of it up to a colon, or all.</summary>
    public static bool IsUnder(string key, string stopped) =>
        stopped == All || key == stopped || (key.StartsWith(stopped, StringComparison.Ordinal) && key[stopped.Length] == ':');
}
