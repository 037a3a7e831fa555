using System.Security.Cryptography;
using Ringfence.Audit;

namespace Ringfence.Gateway;

/// <summary>
/// Takes the facts of a key's calls. A key has no run and so no chain of events; what is kept of its calls are the sums that a bill needs.
/// </summary>
internal sealed class KeyMeter(GatewayKey key) : IRecorder
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, string> models = new(StringComparer.Ordinal);
    private readonly Dictionary<string, GatewayUsage> used = new(StringComparer.Ordinal);
    private long count;

    public long Append(AuditFact fact)
    {
        lock (gate)
        {
            switch (fact)
            {
                case ModelRequested requested:
                    models[requested.Call] = requested.ModelUsed;
                    break;
                case ModelResponded responded when models.TryGetValue(responded.Call, out var model):
                    Add(model, responded);
                    break;
                case BudgetSettled settled:
                    Charge(settled);
                    break;
            }

            return count++;
        }
    }

    public ValueTask FlushAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public string Keep(ReadOnlySpan<byte> content) => Convert.ToHexStringLower(SHA256.HashData(content));

    /// <summary>What was used since the last time.</summary>
    public IReadOnlyList<GatewayUsage> Take()
    {
        lock (gate)
        {
            GatewayUsage[] taken = [.. used.Values];
            used.Clear();
            return taken;
        }
    }

    /// <summary>Undoes a <see cref="Take"/> whose sums could not be written.</summary>
    public void PutBack(IReadOnlyList<GatewayUsage> taken)
    {
        lock (gate)
        {
            foreach (var u in taken)
            {
                used[u.Model!] = Of(u.Model!) + u;
            }
        }
    }

    private void Add(string model, ModelResponded answer)
    {
        var sum = Of(model);

        used[model] = sum with
        {
            InputTokens = sum.InputTokens + answer.InputTokens,
            CacheReadTokens = sum.CacheReadTokens + answer.CacheReadTokens,
            CacheWriteTokens = sum.CacheWriteTokens + answer.CacheWrite5mTokens + answer.CacheWrite1hTokens,
            OutputTokens = sum.OutputTokens + answer.OutputTokens,
        };
    }

    private void Charge(BudgetSettled settled)
    {
        if (models.Remove(settled.Call, out var model))
        {
            var sum = Of(model);

            used[model] = sum with
            {
                Calls = sum.Calls + 1,
                UnknownCalls = sum.UnknownCalls + (settled.UsageKnown ? 0 : 1),
                Cost = sum.Cost + new Money(settled.SpentNanodollars),
            };
        }
    }

    private GatewayUsage Of(string model) =>
        used.TryGetValue(model, out var sum) ? sum : new GatewayUsage(key.Id, key.Name, key.Team, model, 0, 0, 0, 0, 0, 0, Money.Zero);
}
