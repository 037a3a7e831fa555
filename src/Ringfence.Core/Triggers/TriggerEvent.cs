namespace Ringfence.Triggers;

/// <summary>What happened at a code host.</summary>
public enum TriggerKind
{
    Cron,
    Issue,
    PullRequest,
    Push,
    Comment,
}

/// <summary>One happening that may start runs, as the code host tells it. Every text in it is somebody's, and untrusted.</summary>
public sealed record TriggerEvent(TriggerKind Kind)
{
    /// <summary>Login of who wrote the text that the run would be about; empty for a schedule.</summary>
    public string Author { get; init; } = "";

    /// <summary>True when the host says that the author belongs to the repository.</summary>
    public bool IsMember { get; init; }

    public long Number { get; init; }

    public string Title { get; init; } = "";

    public string Body { get; init; } = "";

    public string Url { get; init; } = "";

    /// <summary>Labels of the issue or pull request; for an issue the one that was just added.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>The branch that was pushed to, or that a pull request is meant for.</summary>
    public string? Branch { get; init; }

    /// <summary>The branch that a pull request comes from.</summary>
    public string? From { get; init; }

    /// <summary>What a run of it starts from; null is the default branch.</summary>
    public string? Ref { get; init; }

    /// <summary>The workflow that a schedule is of; null lets every workflow look.</summary>
    public string? Workflow { get; init; }

    /// <summary>What Ringfence itself published, which must start nothing: it would never end.</summary>
    public bool IsOurs => IsOurBranch(From) || (Kind is TriggerKind.Push && IsOurBranch(Branch));

    private static bool IsOurBranch(string? branch) => branch?.StartsWith("ringfence/", StringComparison.Ordinal) ?? false;
}
