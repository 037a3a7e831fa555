namespace Ringfence.Outputs;

/// <summary>What a pull request (at GitLab a merge request) looks like.</summary>
public sealed record PullRequestTerms
{
    /// <summary>True for one that says it is not ready to be merged.</summary>
    public bool Draft { get; init; }

    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>Null takes the first line of the prompt.</summary>
    public string? Title { get; init; }

    /// <summary>The branch that it is meant for; null is the repository's default.</summary>
    public string? Base { get; init; }

    /// <summary>Who is asked to look: names of the code host; <c>team:NAME</c> is a team of GitHub's or Gitea's.</summary>
    public IReadOnlyList<string> Reviewers { get; init; } = [];
}
