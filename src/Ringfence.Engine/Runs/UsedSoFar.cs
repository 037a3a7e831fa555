using Ringfence.Audit;
using Ringfence.Budgets;

namespace Ringfence.Runs;

/// <summary>What a run has used, by its record: for a run whose supervisor had no chance to say so.</summary>
/// <param name="Calls">In order. One that was in flight when the supervisor died counts with all that was set aside for it: it may have been charged.</param>
internal sealed record UsedSoFar(IReadOnlyList<ChargedCall> Calls, int Turns)
{
    public static IReadOnlyCollection<string> Types { get; } = ["budget.reserved", "budget.settled", "run.state"];

    public Money Cost => new(Calls.Sum(call => call.Nanodollars));

    public static UsedSoFar Of(IEnumerable<AuditEvent> events)
    {
        var calls = new List<ChargedCall>();
        var open = new Dictionary<string, int>(StringComparer.Ordinal);
        var (turns, turnsOfStart) = (0, 0);

        foreach (var happened in events)
        {
            turnsOfStart = Math.Max(turnsOfStart, happened.Fact?.Turn ?? 0);

            switch (happened.Fact)
            {
                case BudgetReserved reserved:
                    open[reserved.Call] = calls.Count;
                    calls.Add(new ChargedCall(reserved.Scopes, reserved.Nanodollars));
                    break;
                case BudgetSettled settled when open.Remove(settled.Call, out var at):
                    calls[at] = calls[at] with { Nanodollars = settled.SpentNanodollars };
                    break;
                case RunStateChanged { To: "queued" }:
                    (turns, turnsOfStart) = (turns + turnsOfStart, 0);
                    break;
            }
        }

        return new UsedSoFar(calls, turns + turnsOfStart);
    }
}
