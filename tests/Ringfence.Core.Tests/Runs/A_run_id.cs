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
    public void Differs_from_one_made_in_the_same_millisecond()
    {
        var time = new FixedTime(DateTimeOffset.UnixEpoch.AddYears(50));

        Assert.Equal(1000, Enumerable.Range(0, 1000).Select(_ => RunId.New(time)).Distinct().Count());
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
}
