using System.Globalization;

namespace Ringfence.Triggers;

/// <summary>
/// When a schedule fires: five fields (minute, hour, day of month, month, day of week) and a time zone, such as <c>0 2 * * 1-5 Europe/Vienna</c>. Where both days
/// are given, either is enough, as in every cron. A time that the clock leaves out in spring fires at the first minute after it; one that it has twice in
/// autumn fires once.
/// </summary>
public sealed class CronSchedule
{
    /// <summary>The rarest schedule, the 29th of February on one day of the week, comes again within so many days; one that does not come then never does.</summary>
    private const int LongestSearch = 366 * 41;

    private static readonly (string Name, int Least, int Most)[] Fields =
        [("minute", 0, 59), ("hour", 0, 23), ("day of month", 1, 31), ("month", 1, 12), ("day of week", 0, 7)];

    private static readonly string[] Days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
    private static readonly string[] Months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

    private readonly bool[][] allowed;
    private readonly bool anyDay;
    private readonly TimeZoneInfo zone;

    private CronSchedule(string text, bool[][] allowed, bool anyDay, TimeZoneInfo zone)
    {
        Text = text;
        this.allowed = allowed;
        this.anyDay = anyDay;
        this.zone = zone;
    }

    /// <summary>As it was written.</summary>
    public string Text { get; }

    /// <summary>Fails with <c>bad_cron</c>.</summary>
    public static Result<CronSchedule> Parse(string text)
    {
        var parts = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);

        if (parts.Length is not (5 or 6))
        {
            return Bad(text, "it has five fields (minute, hour, day of month, month, day of week) and a time zone");
        }

        var allowed = new bool[Fields.Length][];

        for (var field = 0; field < Fields.Length; field++)
        {
            if (TryField(parts[field], field) is not { } values)
            {
                return Bad(text, $"'{Printable.Escape(parts[field])}' is no {Fields[field].Name} from {Fields[field].Least} to {Fields[field].Most}");
            }

            allowed[field] = values;
        }

        // Sunday has two numbers.
        allowed[4][0] |= allowed[4][7];

        if (!TimeZoneInfo.TryFindSystemTimeZoneById(parts.Length == 6 ? parts[5] : "UTC", out var zone))
        {
            return Bad(text, $"there is no time zone '{Printable.Escape(parts[5])}'");
        }

        var schedule = new CronSchedule(text, allowed, parts[2].StartsWith('*') || parts[4].StartsWith('*'), zone);
        return schedule.Next(DateTimeOffset.UnixEpoch) is null ? Bad(text, "that day never comes") : schedule;
    }

    /// <summary>The first time after this one; null when there is none.</summary>
    public DateTimeOffset? Next(DateTimeOffset after)
    {
        var local = TimeZoneInfo.ConvertTime(after, zone);
        var day = DateOnly.FromDateTime(local.DateTime);

        for (var searched = 0; searched <= LongestSearch && day < DateOnly.MaxValue; searched++, day = day.AddDays(1))
        {
            if (!IsDay(day))
            {
                continue;
            }

            foreach (var (hour, minute) in Times())
            {
                if (Instant(day.ToDateTime(new TimeOnly(hour, minute))) is var instant && instant > after)
                {
                    return instant;
                }
            }
        }

        return null;
    }

    private IEnumerable<(int Hour, int Minute)> Times() =>
        from hour in Enumerable.Range(0, 24)
        where allowed[1][hour]
        from minute in Enumerable.Range(0, 60)
        where allowed[0][minute]
        select (hour, minute);

    private bool IsDay(DateOnly day)
    {
        var (ofMonth, ofWeek) = (allowed[2][day.Day], allowed[4][(int)day.DayOfWeek]);
        return allowed[3][day.Month] && (anyDay ? ofMonth && ofWeek : ofMonth || ofWeek);
    }

    private DateTimeOffset Instant(DateTime local)
    {
        // What the clock leaves out is at most some hours; the first minute that exists stands for all of it.
        while (zone.IsInvalidTime(local))
        {
            local = new DateTime(local.Year, local.Month, local.Day, local.Hour, local.Minute, 0, DateTimeKind.Unspecified).AddMinutes(1);
        }

        // Of two, the earlier one: that with the larger offset.
        return new DateTimeOffset(local, zone.IsAmbiguousTime(local) ? zone.GetAmbiguousTimeOffsets(local).Max() : zone.GetUtcOffset(local)).ToUniversalTime();
    }

    private static bool[]? TryField(string text, int field)
    {
        var (_, least, most) = Fields[field];
        var values = new bool[most + 1];

        foreach (var part in text.Split(','))
        {
            var (range, step) = part.Split('/') is [var left, var right] ? (left, TryNumber(right, field: -1)) : (part, 1);
            var (from, to) = range == "*" ? (least, most)
                : range.Split('-') is [var first, var last] ? (TryNumber(first, field), TryNumber(last, field))
                : (TryNumber(range, field), part.Contains('/', StringComparison.Ordinal) ? most : TryNumber(range, field));

            if (from is not { } start || to is not { } end || step is not > 0 || start < least || end > most || start > end || part.Count(c => c == '/') > 1)
            {
                return null;
            }

            for (var value = start; value <= end; value += step.Value)
            {
                values[value] = true;
            }
        }

        return values;
    }

    private static int? TryNumber(string text, int field)
    {
        var named = field == 4 ? Array.IndexOf(Days, text.ToLowerInvariant()) : field == 3 ? Array.IndexOf(Months, text.ToLowerInvariant()) + 1 : -1;
        return named > 0 || (named == 0 && field == 4) ? named
            : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= 100 ? number : null;
    }

    private static Failure Bad(string text, string why) => new("bad_cron", $"'{Printable.Escape(text)}' is no schedule: {why}.", "Such as \"0 2 * * 1-5 Europe/Vienna\": at 2 in the morning from Monday to Friday.");
}
