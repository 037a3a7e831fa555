namespace Ringfence.Budgets;

/// <summary>What models cost, with the version and the source of every figure.</summary>
public sealed record PriceTable
{
    /// <summary>The table that is part of this executable.</summary>
    public static PriceTable Embedded { get; } = new() { Version = "embedded" };

    public required string Version { get; init; }
}
