using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Ringfence.Tests;

public sealed class An_amount_of_money
{
    [Theory]
    [InlineData("5", 5_000_000_000)]
    [InlineData("$2.50", 2_500_000_000)]
    [InlineData("0.000000001", 1)]
    [InlineData(" 10000 ", 10_000_000_000_000)]
    public void Is_read_exactly(string text, long nanodollars)
    {
        Assert.True(Money.TryParse(text, out var money));
        Assert.Equal(nanodollars, money.Nanodollars);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-1")]
    [InlineData("1e3")]
    [InlineData("0.0000000001")]
    [InlineData("9999999999999")]
    [InlineData("1,5")]
    [InlineData("five")]
    [InlineData(null)]
    public void Is_refused_when_it_is_none(string? text) => Assert.False(Money.TryParse(text, out _));

    [Fact]
    public void Never_overflows_silently() => Assert.Throws<OverflowException>(() => Money.Max + new Money(1));

    [Fact]
    public void Adds_up_as_integers_do() =>
        Prop.ForAll<int, int>((a, b) => new Money(a) + new Money(b) - new Money(b) == new Money(a)).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData(0, "$0.00")]
    [InlineData(12_345_678, "$0.0123")]
    [InlineData(4_999_999_999, "$5.00")]
    public void Is_shown_with_the_digits_that_matter(long nanodollars, string shown) => Assert.Equal(shown, new Money(nanodollars).ToString());
}
