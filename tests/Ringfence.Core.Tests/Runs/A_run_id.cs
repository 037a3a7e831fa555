using Ringfence.Runs;
using Xunit;

namespace Ringfence.Tests.Runs;

public sealed class A_run_id
{
    [Fact]
    public void Sorts_by_the_time_of_its_making()
    {
        var early = RunId.New(new FixedTime(DateTimeOffset.UnixEpoch.AddYears(50)));
        var late = RunId.New(new FixedTime(DateTimeOffset.UnixEpoch.AddYears(50).AddMilliseconds(1)));

        Assert.True(string.CompareOrdinal(early.Value, late.Value) < 0);
    }

    [Fact]
    public void Sorts_after_every_other_of_its_process_and_millisecond()
    {
        string[] ids = [.. Enumerable.Range(0, 1000).Select(_ => RunId.New(TimeProvider.System).Value)];

        Assert.Equal(ids.Order(StringComparer.Ordinal).Distinct(), ids);
    }

    [Fact]
    public void Sorts_after_the_one_before_whatever_other_clocks_are_asked_for_in_between()
    {
        var (clock, other) = (new FixedTime(DateTimeOffset.UnixEpoch.AddYears(50)), new FixedTime(DateTimeOffset.UnixEpoch.AddYears(51)));
        string[] ids = [.. Enumerable.Range(0, 40).Select(_ => (RunId.New(clock).Value, RunId.New(other).Value).Item1)];

        Assert.Equal(ids.Order(StringComparer.Ordinal).Distinct(), ids);
    }

    [Fact]
    public void Sorts_after_the_one_before_although_the_clock_was_set_back()
    {
        var clock = new SteppedTime();
        var early = RunId.New(clock);
        clock.Now -= TimeSpan.FromSeconds(1);

        Assert.True(string.CompareOrdinal(early.Value, RunId.New(clock).Value) < 0);
    }

    [Fact]
    public void Has_only_characters_that_cannot_be_mistaken()
    {
        var id = RunId.New(TimeProvider.System);

        Assert.True(RunId.IsValid(id.Value));
        Assert.DoesNotContain(id.Value, "ilou".Contains);
    }

    private sealed class FixedTime(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }

    private sealed class SteppedTime : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = DateTimeOffset.UnixEpoch.AddYears(50);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
