using Ringfence.Audit;

namespace Ringfence.Runs;

/// <summary>What a run has used, by its record: for a run whose supervisor had no chance to say so.</summary>
internal static class UsedSoFar
{
    public static IReadOnlyCollection<string> Types { get; } = ["budget.reserved", "budget.settled", "run.state"];

    /// <summary>Calls that were in flight when the supervisor died count with all that was set aside for them: they may have been charged.</summary>
    public static (Money Cost, int Turns) Of(IEnumerable<AuditEvent> events)
    {
        var open = new Dictionary<string, long>(StringComparer.Ordinal);
        var (cost, turns, turnsOfStart) = (0L, 0, 0);

        foreach (var happened in events)
        {
            turnsOfStart = Math.Max(turnsOfStart, happened.Fact?.Turn ?? 0);

            switch (happened.Fact)
            {
                case BudgetReserved reserved:
                    open[reserved.Call] = reserved.Nanodollars;
                    break;
                case BudgetSettled settled:
                    open.Remove(settled.Call);
                    cost += settled.SpentNanodollars;
                    break;
                case RunStateChanged { To: "queued" }:
                    (turns, turnsOfStart) = (turns + turnsOfStart, 0);
                    break;
            }
        }

        return (new Money(cost + open.Values.Sum()), turns + turnsOfStart);
    }
}
