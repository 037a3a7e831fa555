namespace Ringfence.Runs;

/// <summary>
/// References under which code hosts keep what was proposed from anywhere, forks too: GitHub's and Gitea's pull requests, GitLab's merge requests, Bitbucket's.
/// </summary>
internal static class ProposedChange
{
    private static readonly string[] Folders = ["pull/", "merge-requests/", "pull-requests/"];

    public static bool Is(string? reference) => reference is not null
        && Folders.Any(folder => (reference.StartsWith("refs/", StringComparison.Ordinal) ? reference["refs/".Length..] : reference).StartsWith(folder, StringComparison.Ordinal));
}
