using Ringfence.Review;

namespace Ringfence.Approvals;

/// <summary>A workflow's demand that people see something first.</summary>
public sealed record ApprovalRule(ApprovalKind Kind)
{
    public static readonly TimeSpan DefaultWithin = TimeSpan.FromDays(7);

    /// <summary>How many different people, 1 to 10.</summary>
    public int Count { get; init; } = 1;

    /// <summary>Groups and people; empty is everyone who may approve.</summary>
    public IReadOnlyList<string> From { get; init; } = [];

    /// <summary>The people behind <see cref="From"/>, looked up when the run was asked for.</summary>
    public IReadOnlyList<string> Members { get; init; } = [];

    /// <summary>Globs; the rule holds only when a changed path matches. Empty: always. For <see cref="ApprovalKind.Diff"/> alone.</summary>
    public IReadOnlyList<string> Paths { get; init; } = [];

    /// <summary>How long an answer may take, 1 minute to 30 days. Then the run fails with <c>expired</c>.</summary>
    public TimeSpan Within { get; init; } = DefaultWithin;

    /// <summary>For <see cref="ApprovalKind.Budget"/>: what is asked for each time. Default: the run's limit once more.</summary>
    public Money? Raise { get; init; }

    /// <summary>The conditions of a yes; empty when nobody need be asked.</summary>
    /// <param name="paths">What changed; for kinds other than diff empty.</param>
    public static IReadOnlyList<ApprovalNeed> Needs(IEnumerable<ApprovalRule> rules, ApprovalKind kind, IReadOnlyList<string> paths) =>
    [
        .. from rule in rules
           where rule.Kind == kind
           let globs = rule.Paths.Select(PathGlob.Forbidding).ToList()
           let because = paths.Where(path => globs.Exists(glob => glob.Matches(path))).ToList()
           where globs.Count == 0 || because.Count > 0
           select new ApprovalNeed(rule.Count, rule.From, rule.Members, because),
    ];

    /// <summary>The shortest time that a rule of this kind gives.</summary>
    public static TimeSpan WithinOf(IEnumerable<ApprovalRule> rules, ApprovalKind kind) =>
        rules.Where(rule => rule.Kind == kind).Select(rule => rule.Within).DefaultIfEmpty(DefaultWithin).Min();
}
