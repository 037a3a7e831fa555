using System.Globalization;

namespace Ringfence.Runs;

/// <summary>What a resumed run may use on top of what the ended one had left, and what it is told. Nothing is handed out twice.</summary>
public sealed record ResumeTerms
{
    /// <summary>The next words to the agent; null says only why it was stopped and that it should go on.</summary>
    public string? Instruction { get; init; }

    public Money MoreCost { get; init; }

    public int MoreTurns { get; init; }

    /// <summary>Time counts anew from the start of the resumed run: the ended run's limit, and this much more.</summary>
    public TimeSpan MoreTime { get; init; }

    /// <summary>
    /// The request of the run that goes on. Everything but the limits stays as it was. Fails with every reason against it at once: <c>run_not_ended</c>,
    /// <c>nothing_to_resume</c>, <c>budget_used_up</c>, <c>turns_used_up</c>, <c>bad_limit</c>.
    /// </summary>
    /// <param name="session">The conversation that the ended run's agent named last.</param>
    public Result<RunRequest> Resume(Run ended, string? session, string by)
    {
        var failures = new List<Failure>();
        var limits = ended.Request.Limits;
        var cost = limits.Cost - Money.Min(ended.Cost, limits.Cost) + MoreCost;
        var turns = limits.Turns - Math.Min(ended.Turns, limits.Turns) + MoreTurns;
        var time = limits.Time + MoreTime;

        if (!RunTransitions.HasEnded(ended.Status))
        {
            failures.Add(new Failure(
                "run_not_ended", $"Run {ended.Id} is still going on.", $"Follow it: ringfence logs {ended.Id} -f. End it: ringfence cancel {ended.Id}."));
        }

        if (ended.Status is RunStatus.Completed && Instruction is null)
        {
            failures.Add(new Failure("nothing_to_resume", $"Run {ended.Id} was completed: there is nothing to go on with.", "Say what comes next: --prompt TEXT."));
        }

        // What is left after a cap is less than the call that was refused: it would only be refused again.
        if (MoreCost == Money.Zero && (ended.Reason is FailReason.MaxCost || cost <= Money.Zero))
        {
            failures.Add(new Failure("budget_used_up", $"Run {ended.Id} used {ended.Cost} of its {limits.Cost}.", "Say how much more it may use: --budget +2."));
        }

        if (MoreTurns == 0 && (ended.Reason is FailReason.MaxTurns || turns <= 0))
        {
            failures.Add(new Failure("turns_used_up", $"Run {ended.Id} used all of its {limits.Turns} turns.", "Say how many more it may use: --turns +20."));
        }

        if (cost > Money.FromDollars(10_000) || turns > 1000 || time > TimeSpan.FromHours(24))
        {
            failures.Add(new Failure(
                "bad_limit", string.Create(CultureInfo.InvariantCulture, $"With what was left it would have {cost}, {turns} turns and {Duration.Show(time)}."),
                "At most $10000, 1000 turns and 24h."));
        }

        return failures.Count > 0 ? Result.Fail<RunRequest>(failures) : ended.Request with
        {
            Limits = limits with { Cost = cost, Turns = turns, Time = time },
            Continues = new RunContinuation(ended.Id.Value, session, Instruction ?? GoOn(ended)),
            Replay = null,
            RequestedBy = by,

            // Else whoever asked first could approve their own change once somebody else has resumed it.
            TriggerAuthor = ended.Request.TriggerAuthor ?? (ended.Request.RequestedBy == by ? null : ended.Request.RequestedBy),
        };
    }

    private static string GoOn(Run ended) =>
        $"You were stopped before you were done: {ended.Message} The files are as you left them. Go on, and bring the task to its end.";
}
