using Ringfence.Review;

namespace Ringfence.Triggers;

/// <summary>What starts a workflow besides people: the <c>on</c> of its file.</summary>
public sealed record WorkflowTriggers
{
    public static WorkflowTriggers None { get; } = new();

    /// <summary>Schedules, see <see cref="CronSchedule"/>.</summary>
    public IReadOnlyList<string> Cron { get; init; } = [];

    /// <summary>An issue that gets this label; null does not look at issues.</summary>
    public string? IssueLabel { get; init; }

    /// <summary>Globs of the branches that a pull request is meant for; null does not look at pull requests.</summary>
    public IReadOnlyList<string>? PullRequestBranches { get; init; }

    /// <summary>Globs of the branches that are pushed to; null does not look at pushes.</summary>
    public IReadOnlyList<string>? PushBranches { get; init; }

    /// <summary>A comment that contains this; null does not look at comments.</summary>
    public string? Comment { get; init; }

    public bool IsNone => Cron.Count == 0 && IssueLabel is null && PullRequestBranches is null && PushBranches is null && Comment is null;

    /// <summary>Whether the workflow of this name is started by it.</summary>
    public bool IsStartedBy(TriggerEvent happened, string workflow) => !happened.IsOurs && happened.Kind switch
    {
        TriggerKind.Cron => happened.Workflow == workflow && Cron.Count > 0,
        TriggerKind.Issue => IssueLabel is { } label && happened.Labels.Contains(label),
        TriggerKind.PullRequest => Matches(PullRequestBranches, happened.Branch),
        TriggerKind.Push => Matches(PushBranches, happened.Branch),
        _ => Comment is { } text && happened.Body.Contains(text, StringComparison.OrdinalIgnoreCase),
    };

    private static bool Matches(IReadOnlyList<string>? globs, string? branch) =>
        globs is not null && branch is not null && (globs.Count == 0 || globs.Any(glob => PathGlob.Allowing(glob).Matches(branch)));
}
