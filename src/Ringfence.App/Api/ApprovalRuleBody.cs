using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Ringfence.Approvals;

namespace Ringfence.App.Api;

/// <summary>What people must see first: one rule of a run's <c>approve</c>, as in workflow files.</summary>
internal sealed record ApprovalRuleBody
{
    [Description("What is shown: plan, network (hosts that were refused), budget (more money) or diff.")]
    [Required, AllowedValues("plan", "network", "budget", "diff")]
    public string? Kind { get; init; }

    [Description("How many different people. Default: 1.")]
    [Range(1, 10)]
    public int? Count { get; init; }

    [Description("Groups of the server's policy, or people such as key:alice. Default: everyone who may approve.")]
    [Texts(100, 200)]
    public IReadOnlyList<string>? From { get; init; }

    [Description("Globs, for diff alone: only when a changed path matches one.")]
    [Texts(100, 1000)]
    public IReadOnlyList<string>? Paths { get; init; }

    [Description("How long an answer may take; then the run fails. Default: 7 days.")]
    [Range(60, 2_592_000)]
    public int? WithinSeconds { get; init; }

    [Description("For budget alone: what is asked for each time. Default: the limit once more.")]
    [Range(0.01, 1000.0)]
    public decimal? RaiseUsd { get; init; }

    /// <summary>What does not go together, by the rule's place in the body.</summary>
    public IEnumerable<Failure> Failures(int at)
    {
        if (Paths is { Count: > 0 } && Kind != "diff")
        {
            yield return new Failure("bad_field", $"approve[{at}].paths: for diff alone; nothing else has changed paths.");
        }

        if (RaiseUsd is not null && Kind != "budget")
        {
            yield return new Failure("bad_field", $"approve[{at}].raiseUsd: for budget alone.");
        }
    }

    public ApprovalRule ToRule() => new(Enum.Parse<ApprovalKind>(Kind!, ignoreCase: true))
    {
        Count = Count ?? 1,
        From = From ?? [],
        Paths = Paths ?? [],
        Within = WithinSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : ApprovalRule.DefaultWithin,
        Raise = RaiseUsd is { } dollars ? Money.FromDollars(dollars) : null,
    };
}
