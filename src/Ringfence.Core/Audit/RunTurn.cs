namespace Ringfence.Audit;

/// <summary>
/// One turn: a request to the model on the main conversation, and everything that came of it until the next one. Read from the order of the
/// events, because what an agent says about a turn may reach us when the next has begun.
/// </summary>
/// <param name="Number">From 1.</param>
/// <param name="Events">In order; the first is the request.</param>
public sealed record RunTurn(int Number, IReadOnlyList<AuditEvent> Events)
{
    public ModelRequested Request => (ModelRequested)Events[0].Fact!;

    /// <summary>The answer; null when the call failed, or the run ended before it came.</summary>
    public ModelResponded? Response => Facts<ModelResponded>().FirstOrDefault(answer => answer.Call == Request.Call);

    /// <summary>Every call of the turn, side calls and repetitions included.</summary>
    public Money Cost => new(Facts<ModelResponded>().Sum(answer => answer.CostNanodollars));

    public TimeSpan Time => TimeSpan.FromMicroseconds(Events[^1].MonoMicroseconds - Events[0].MonoMicroseconds);

    public IEnumerable<T> Facts<T>() => Events.Select(happened => happened.Fact).OfType<T>();

    /// <summary>The turns of a run, with the files that were changed in each (the record tells of files at the end, and when each was changed).</summary>
    public static IReadOnlyList<RunTurn> Of(IReadOnlyList<AuditEvent> events)
    {
        var turns = new List<List<AuditEvent>>();
        List<AuditEvent>? current = null;
        var number = 0;

        foreach (var happened in events)
        {
            if (happened.Fact is ModelRequested && happened is { Turn: > 0, Conversation: null } && happened.Turn != number)
            {
                number = happened.Turn;
                turns.Add(current = []);
            }
            else if (happened.Fact is RunStateChanged or AgentFinished or BudgetReserved)
            {
                // The work after the agent is no turn's. Money is set aside just before the request that it is for.
                current = happened.Fact is BudgetReserved ? current : null;
                continue;
            }

            if (happened.Fact is not FileChanged { ChangedAt: > 0 })
            {
                current?.Add(happened);
            }
        }

        foreach (var changed in events.Where(happened => happened.Fact is FileChanged { ChangedAt: > 0 }))
        {
            turns.FindLast(turn => turn[0].AtMicroseconds <= ((FileChanged)changed.Fact!).ChangedAt)?.Add(changed);
        }

        return [.. turns.Select((list, i) => new RunTurn(i + 1, list))];
    }
}
