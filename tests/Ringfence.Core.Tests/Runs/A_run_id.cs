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
