using System.Collections.Frozen;

namespace Ringfence.Budgets;

/// <summary>What models cost, with the version, the date and the source of every figure. A model that is not in it cannot be called.</summary>
public sealed class PriceTable
{
    private readonly FrozenDictionary<string, ModelPrice> byModel;

    public PriceTable(string version, DateOnly date, IEnumerable<ModelPrice> models)
    {
        Version = version;
        Date = date;
        byModel = models.ToFrozenDictionary(m => m.Model, StringComparer.Ordinal);
    }

    /// <summary>The table that is part of this executable.</summary>
    public static PriceTable Embedded => EmbeddedPrices.Table;

    public string Version { get; }

    /// <summary>The day on which the figures were looked up.</summary>
    public DateOnly Date { get; }

    public IEnumerable<ModelPrice> Models => byModel.Values.OrderBy(m => m.Model, StringComparer.Ordinal);

    /// <summary>
    /// The price of exactly this model id, or null. No guess from a similar name: dated snapshots of one model have had different prices.
    /// Only the simulated models are a family, because their names are made up by whoever writes a script.
    /// </summary>
    public ModelPrice? Find(string model) =>
        byModel.GetValueOrDefault(model)
        ?? (model.StartsWith(EmbeddedPrices.Simulated, StringComparison.Ordinal)
            ? byModel.GetValueOrDefault(EmbeddedPrices.Simulated) is { } family ? family with { Model = model } : null
            : null);

    /// <summary>This table with the models of <paramref name="other"/> added or replaced, under that table's version.</summary>
    public PriceTable With(PriceTable other)
    {
        ArgumentNullException.ThrowIfNull(other);
        var kept = byModel.Values.Where(m => !other.byModel.ContainsKey(m.Model));
        return new PriceTable($"{Version}+{other.Version}", other.Date, kept.Concat(other.byModel.Values));
    }
}
