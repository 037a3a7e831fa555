using Xunit;

namespace Ringfence.Tests;

public sealed class Sizes_and_times
{
    [Theory]
    [InlineData("30m", 1800)]
    [InlineData("1h30m", 5400)]
    [InlineData("90", 90)]
    [InlineData("1.5s", 1.5)]
    [InlineData("250ms", 0.25)]
    public void Are_read_as_people_write_them(string text, double seconds)
    {
        Assert.True(Duration.TryParse(text, out var duration));
        Assert.Equal(TimeSpan.FromSeconds(seconds), duration);
    }

    [Theory]
    [InlineData(604_800, "7d")]
    [InlineData(100_800, "1d 4h")]
    [InlineData(3900, "1h 5m")]
    [InlineData(3600, "1h")]
    [InlineData(200, "3m 20s")]
    [InlineData(40, "40 s")]
    [InlineData(4.2, "4.2 s")]
    [InlineData(0.035, "35 ms")]
    [InlineData(0, "0 ms")]
    public void Are_shown_in_the_units_that_matter_and_can_be_typed_so(double seconds, string shown)
    {
        Assert.Equal(shown, Duration.Show(TimeSpan.FromSeconds(seconds)));
        Assert.True(Duration.TryParse(shown, out var read));
        Assert.Equal(TimeSpan.FromSeconds(seconds), read);
    }

    [Theory]
    [InlineData("")]
    [InlineData("1  h")]
    [InlineData("-5m")]
    [InlineData("5x")]
    [InlineData("m")]
    [InlineData("99999999999s")]
    public void Are_refused_when_they_are_none(string text) => Assert.False(Duration.TryParse(text, out _));

    [Theory]
    [InlineData("4GiB", 4L << 30)]
    [InlineData("1.5 MiB", 3L << 19)]
    [InlineData("100MB", 100_000_000)]
    [InlineData("17", 17)]
    public void Have_units(string text, long bytes)
    {
        Assert.True(ByteSize.TryParse(text, out var read));
        Assert.Equal(bytes, read);
    }

    [Theory]
    [InlineData("GiB")]
    [InlineData("-1MiB")]
    [InlineData("1e30GiB")]
    public void Are_refused_without_a_number(string text) => Assert.False(ByteSize.TryParse(text, out _));
}
