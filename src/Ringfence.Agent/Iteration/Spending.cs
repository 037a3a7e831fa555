using System.Globalization;
using Ringfence.Agent.Models;

namespace Ringfence.Agent.Iteration;

/// <summary>
/// What the session has cost, and the limit that it will not pass: before a call the worst case is compared with what is left, and the answer's
/// length is cut to what can be paid. Whole nano-dollars.
/// </summary>
internal sealed class Spending(long? limitNanodollars)
{
    /// <summary>An answer shorter than this is of no use: better to stop.</summary>
    public const int LeastOutput = 256;

    private readonly Lock gate = new();
    private readonly Dictionary<string, ModelSpend> byModel = new(StringComparer.Ordinal);
    private Dictionary<string, ModelSpend> taken = new(StringComparer.Ordinal);
    private long heldNanodollars;

    public long? LimitNanodollars => limitNanodollars;

    /// <summary>Everything that was charged, sub-agents included.</summary>
    public long SpentNanodollars
    {
        get
        {
            lock (gate)
            {
                return Spent();
            }
        }
    }

    public IReadOnlyList<ModelSpend> ByModel
    {
        get
        {
            lock (gate)
            {
                return [.. byModel.Values];
            }
        }
    }

    public string Describe() => string.Create(CultureInfo.InvariantCulture, $"${SpentNanodollars / 1_000_000_000m:0.0000}");

    /// <summary>What was charged since the last time this was asked.</summary>
    public IReadOnlyList<ModelSpend> TakeSinceLast()
    {
        lock (gate)
        {
            var since = byModel.Values.Select(spend => spend.Since(taken.GetValueOrDefault(spend.Model))).Where(spend => !spend.IsNothing).ToArray();
            taken = new(byModel, StringComparer.Ordinal);
            return since;
        }
    }

    /// <summary>Sets the worst case of a call aside. Null when what is left does not pay for a useful answer.</summary>
    /// <param name="inputBound">No fewer tokens than the provider can count.</param>
    public Hold? TryHold(string model, long inputBound, int maxTokens)
    {
        lock (gate)
        {
            if (limitNanodollars is not { } limit)
            {
                return new Hold(maxTokens, 0);
            }

            var price = PriceTable.Of(model);
            var left = ((limit - Spent() - heldNanodollars) * 1000) - (inputBound * Math.Max(price.CacheWrite, price.Input));
            var affordable = left / price.Output;

            if (affordable < Math.Min(LeastOutput, maxTokens))
            {
                return null;
            }

            var tokens = (int)Math.Min(maxTokens, affordable);
            var held = ((inputBound * Math.Max(price.CacheWrite, price.Input)) + (tokens * price.Output) + 999) / 1000;
            heldNanodollars += held;
            return new Hold(tokens, held);
        }
    }

    /// <summary>Gives back what was set aside; what was really used is charged by <see cref="Charge"/>.</summary>
    public void Release(Hold hold)
    {
        lock (gate)
        {
            heldNanodollars -= hold.Nanodollars;
        }
    }

    /// <summary>
    /// A call was billed but brought no answer, so that nobody knows its whole usage: where there is a limit, all that was set aside for it counts as spent.
    /// False when what is left does not pay for the same call again; else as much is set aside anew.
    /// </summary>
    public bool TryLose(string model, TokenUsage known, Hold hold)
    {
        if (limitNanodollars is not { } limit)
        {
            if (known != default)
            {
                Charge(model, known);
            }

            return true;
        }

        lock (gate)
        {
            Add(model, known, hold.Nanodollars * 1000);
            return Spent() + heldNanodollars <= limit;
        }
    }

    public void Charge(string model, TokenUsage usage)
    {
        var price = PriceTable.Of(model);

        var cost = (usage.Input * price.Input) + (usage.Output * price.Output) + (usage.CacheRead * price.CacheRead)
            + (usage.CacheWrite * price.CacheWrite) + (usage.CacheWriteHour * price.CacheWriteHour);

        lock (gate)
        {
            Add(model, usage, cost);
        }
    }

    private void Add(string model, TokenUsage usage, long picodollars)
    {
        var before = byModel.GetValueOrDefault(model);
        byModel[model] = new ModelSpend(model, (before?.Usage ?? default) + usage, (before?.Picodollars ?? 0) + picodollars);
    }

    private long Spent() => byModel.Values.Sum(m => m.Picodollars) / 1000;
}

/// <summary>What calls of one model used and cost. No tuple: code over those is compiled anew at each start.</summary>
internal sealed record ModelSpend(string Model, TokenUsage Usage, long Picodollars)
{
    public long Nanodollars => Picodollars / 1000;

    public bool IsNothing => Picodollars == 0 && Usage == default;

    public ModelSpend Since(ModelSpend? before) => before is null ? this : new(Model, Usage - before.Usage, Picodollars - before.Picodollars);
}

/// <param name="MaxTokens">What the answer may be long, after cutting.</param>
internal sealed record Hold(int MaxTokens, long Nanodollars);
