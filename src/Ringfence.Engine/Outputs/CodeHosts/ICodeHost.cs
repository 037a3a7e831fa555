namespace Ringfence.Outputs.CodeHosts;

/// <summary>The interface of a code host, as far as a change set needs it.</summary>
internal interface ICodeHost
{
    /// <summary>Name of the user that git sends with the token as password.</summary>
    string GitUser { get; }

    Task<Result<string>> DefaultBranchAsync(CancellationToken cancellationToken);

    /// <summary>The pull request of this branch, open or not; null when there is none.</summary>
    Task<Result<PullRequest?>> FindAsync(string branch, CancellationToken cancellationToken);

    /// <summary>Opens one; null when the host says that there is one for the branch already.</summary>
    Task<Result<PullRequest?>> OpenAsync(NewPullRequest request, CancellationToken cancellationToken);

    /// <summary>Sets labels and reviewers. Doing it again changes nothing.</summary>
    Task<Failure?> DecorateAsync(PullRequest request, PullRequestTerms terms, CancellationToken cancellationToken);
}

/// <param name="Branch">The branch with the change.</param>
/// <param name="Base">The branch that it is meant for.</param>
internal sealed record NewPullRequest(string Branch, string Base, string Title, string Body, bool Draft);

/// <param name="Number">As the host counts it within the repository.</param>
/// <param name="Commit">What the host says is at its head.</param>
internal sealed record PullRequest(long Number, string Url, string Commit);
