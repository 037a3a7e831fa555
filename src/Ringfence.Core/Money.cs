using System.Globalization;
using System.Text.Json.Serialization;

namespace Ringfence;

/// <summary>An amount of US dollars in whole nano-dollars (10⁻⁹ $). Integers: a ledger that rounds is a ledger that leaks.</summary>
[JsonConverter(typeof(MoneyAsNanodollars))]
public readonly record struct Money(long Nanodollars) : IComparable<Money>
{
    public const long NanodollarsPerDollar = 1_000_000_000;

    public static Money Zero => default;

    /// <summary>The largest amount that can be written: some 9.2 billion dollars.</summary>
    public static Money Max => new(long.MaxValue);

    public static Money FromDollars(decimal dollars) => new((long)decimal.Round(dollars * NanodollarsPerDollar));

    public decimal Dollars => (decimal)Nanodollars / NanodollarsPerDollar;

    public static Money operator +(Money a, Money b) => new(checked(a.Nanodollars + b.Nanodollars));

    public static Money operator -(Money a, Money b) => new(checked(a.Nanodollars - b.Nanodollars));

    public static bool operator <(Money a, Money b) => a.Nanodollars < b.Nanodollars;

    public static bool operator >(Money a, Money b) => a.Nanodollars > b.Nanodollars;

    public static bool operator <=(Money a, Money b) => a.Nanodollars <= b.Nanodollars;

    public static bool operator >=(Money a, Money b) => a.Nanodollars >= b.Nanodollars;

    public static Money Add(Money left, Money right) => left + right;

    public static Money Subtract(Money left, Money right) => left - right;

    public static Money Min(Money a, Money b) => a <= b ? a : b;

    public static Money Parse(string text) =>
        TryParse(text, out var money) ? money : throw new FormatException($"'{text}' is not an amount of dollars.");

    /// <summary>Reads <c>5</c>, <c>5.25</c> or <c>$5.25</c>; at most nine decimals, never negative.</summary>
    public static bool TryParse(string? text, out Money money)
    {
        money = default;
        var digits = text?.Trim().TrimStart('$') ?? "";

        if (!decimal.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var dollars)
            || dollars > Max.Dollars || decimal.Round(dollars, 9) != dollars)
        {
            return false;
        }

        money = FromDollars(dollars);
        return true;
    }

    public int CompareTo(Money other) => Nanodollars.CompareTo(other.Nanodollars);

    /// <summary>Two decimals for people, four below a dollar, where most calls of a model are.</summary>
    public override string ToString() =>
        Dollars.ToString(Math.Abs(Dollars) < 1 && Nanodollars != 0 ? "$0.0000;-$0.0000" : "$0.00;-$0.00", CultureInfo.InvariantCulture);
}
