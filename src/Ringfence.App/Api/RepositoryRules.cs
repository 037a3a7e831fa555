using System.Text.RegularExpressions;

namespace Ringfence.App.Api;

/// <summary>Which repositories callers may name, and what <c>owner/repo</c> stands for.</summary>
/// <param name="roots">Folders below which a path may be named; elsewhere a path could read what the caller may not.</param>
/// <param name="codeHost">Where <c>owner/repo</c> is; null when the server was told of none.</param>
internal sealed partial class RepositoryRules(IReadOnlyList<string> roots, Uri? codeHost)
{
    [GeneratedRegex(@"^[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}$")]
    private static partial Regex Short { get; }

    public Result<string> Resolve(string repository)
    {
        if (Short.IsMatch(repository) && !repository.Contains("..", StringComparison.Ordinal))
        {
            return codeHost is null
                ? new Failure("repository_not_allowed", "repo: this server was told of no code host, so owner/repo means nothing here.", "Give a URL, or start the server with --code-host.")
                : new Uri(codeHost, repository).ToString();
        }

        var isAllowed = repository.All(c => !char.IsControl(c))
            && (repository.StartsWith('/')
                ? roots.Any(root => Path.GetFullPath(repository).StartsWith(root.TrimEnd('/') + "/", StringComparison.Ordinal))
                : Uri.TryCreate(repository, UriKind.Absolute, out var uri) && uri.Scheme is "https" or "ssh");

        return isAllowed ? repository : new Failure(
            "repository_not_allowed", "repo: owner/repo, a URL with https or ssh, or a path below one of the server's --repo-root folders.");
    }
}
