using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using Ringfence.Triggers;
using Xunit;

namespace Ringfence.Tests.Triggers;

/// <summary>A schedule fires at the minutes it names by the clock of its time zone, also in the nights in which that clock jumps.</summary>
public sealed class A_schedule
{
    [Theory]
    [InlineData("0 2 * * 1-5 Europe/Vienna", "2026-11-20T12:00Z", "2026-11-23T01:00Z")] // Friday noon: Monday, 2 o'clock there
    [InlineData("*/15 * * * *", "2026-01-01T00:00Z", "2026-01-01T00:15Z")]
    [InlineData("30 9 1 jan,jul * America/New_York", "2026-01-01T15:00Z", "2026-07-01T13:30Z")]
    [InlineData("0 0 29 2 *", "2026-01-01T00:00Z", "2028-02-29T00:00Z")]
    [InlineData("0 12 13 * fri", "2026-02-01T00:00Z", "2026-02-06T12:00Z")] // either day is enough
    [InlineData("0 12 * * 7", "2026-11-21T00:00Z", "2026-11-22T12:00Z")]
    [InlineData("5/20 * * * *", "2026-01-01T00:05Z", "2026-01-01T00:25Z")]
    [InlineData("30 2 * * * Europe/Vienna", "2026-03-28T12:00Z", "2026-03-29T01:00Z")] // 2:30 does not exist: 3:00 there
    [InlineData("30 2 * * * Europe/Vienna", "2026-10-24T12:00Z", "2026-10-25T00:30Z")] // 2:30 comes twice: the first
    [InlineData("30 2 * * * Europe/Vienna", "2026-10-25T00:30Z", "2026-10-26T01:30Z")] // and not the second
    public void Fires_next(string cron, string after, string next) => Assert.Equal(Time(next), CronSchedule.Parse(cron).Value.Next(Time(after)));

    [Theory]
    [InlineData("")]
    [InlineData("* * * *")]
    [InlineData("60 * * * *")]
    [InlineData("* * 0 * *")]
    [InlineData("* * 31 2 *")]
    [InlineData("5-1 * * * *")]
    [InlineData("*/0 * * * *")]
    [InlineData("1/2/3 * * * *")]
    [InlineData("* * * * * Europe/Nowhere")]
    [InlineData("@daily")]
    [InlineData("* * * foo *")]
    public void Is_refused_when_it_says_nothing_or_something_that_never_comes(string cron) => Assert.Equal("bad_cron", Assert.Single(CronSchedule.Parse(cron).Failures).Code);

    [Fact]
    public void Goes_on_for_ever_and_never_backwards() => Prop.ForAll(
        (from minute in Gen.Elements("0", "*/7", "3,50", "59")
         from hour in Gen.Elements("*", "2", "1-3", "*/5")
         from day in Gen.Elements("*", "1", "31", "*/10")
         from week in Gen.Elements("*", "1-5", "sun")
         from zone in Gen.Elements("UTC", "Europe/Vienna", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata")
         from start in Gen.Choose(0, 60 * 24 * 800)
         select ($"{minute} {hour} {day} * {week} {zone}", Time("2025-01-01T00:00Z").AddMinutes(start))).ToArbitrary(),
        sample =>
        {
            var (schedule, at) = (CronSchedule.Parse(sample.Item1).Value, sample.Item2);

            for (var i = 0; i < 20; i++)
            {
                var next = schedule.Next(at)!.Value;

                // From any moment between two firings the next is the same one.
                if (next <= at || next.Second != 0 || schedule.Next(at + ((next - at) / 2)) != next)
                {
                    return false;
                }

                at = next;
            }

            return true;
        }).QuickCheckThrowOnFailure();

    private static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}
