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
    private readonly Dictionary<string, (TokenUsage Usage, long Picodollars)> byModel = new(StringComparer.Ordinal);
    private Dictionary<string, (TokenUsage Usage, long Picodollars)> taken = new(StringComparer.Ordinal);
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

    public IReadOnlyList<(string Model, TokenUsage Usage, long Nanodollars)> ByModel
    {
        get
        {
            lock (gate)
            {
                return [.. byModel.Select(m => (m.Key, m.Value.Usage, m.Value.Picodollars / 1000))];
            }
        }
    }

    public string Describe() => string.Create(CultureInfo.InvariantCulture, $"${SpentNanodollars / 1_000_000_000m:0.0000}");

    /// <summary>What was charged since the last time this was asked.</summary>
    public IReadOnlyList<(string Model, TokenUsage Usage, long Nanodollars)> TakeSinceLast()
    {
        lock (gate)
        {
            var since = byModel.Select(m => (m.Key, Now: m.Value, Before: taken.GetValueOrDefault(m.Key))).Where(m => m.Now != m.Before)
                .Select(m => (m.Key, m.Now.Usage - m.Before.Usage, (m.Now.Picodollars - m.Before.Picodollars) / 1000)).ToArray();

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
            var before = byModel.GetValueOrDefault(model);
            byModel[model] = (before.Usage + known, before.Picodollars + (hold.Nanodollars * 1000));
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
            var before = byModel.GetValueOrDefault(model);
            byModel[model] = (before.Usage + usage, before.Picodollars + cost);
        }
    }

    private long Spent() => byModel.Values.Sum(m => m.Picodollars) / 1000;
}

/// <param name="MaxTokens">What the answer may be long, after cutting.</param>
internal sealed record Hold(int MaxTokens, long Nanodollars);
