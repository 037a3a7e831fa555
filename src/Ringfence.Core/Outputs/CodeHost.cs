namespace Ringfence.Outputs;

/// <summary>Which interface a code host speaks.</summary>
public enum CodeHostKind
{
    GitHub,
    GitLab,

    /// <summary>Gitea and Forgejo.</summary>
    Gitea,
}

/// <summary>A server that has repositories and takes pull requests. Its token is the supervisor's: no sandbox ever has it.</summary>
/// <param name="Host">Authority of its repositories' addresses, such as <c>github.com</c> or <c>git.internal.example:8443</c>.</param>
/// <param name="Api">Base address of its REST interface, without a slash at its end.</param>
/// <param name="Token">Variable of this process's environment that holds the token.</param>
public sealed record CodeHost(string Host, CodeHostKind Kind, Uri Api, string Token)
{
    /// <summary>Those that need no configuration beside their token.</summary>
    public static IReadOnlyList<CodeHost> Known { get; } =
    [
        new("github.com", CodeHostKind.GitHub, new Uri("https://api.github.com"), "GITHUB_TOKEN"),
        new("gitlab.com", CodeHostKind.GitLab, new Uri("https://gitlab.com/api/v4"), "GITLAB_TOKEN"),
        new("codeberg.org", CodeHostKind.Gitea, new Uri("https://codeberg.org/api/v1"), "GITEA_TOKEN"),
    ];
}

/// <summary>A repository as its address names it.</summary>
/// <param name="Host">Authority, without a user.</param>
/// <param name="Path">Such as <c>acme/app</c>, with GitLab's groups: <c>acme/team/app</c>.</param>
/// <param name="IsHttp">Whether git reaches it by HTTP, so that the token opens it.</param>
public sealed record RepositoryPlace(string Host, string Path, bool IsHttp)
{
    /// <summary>Null for what is no repository on a server: a folder of this machine.</summary>
    public static RepositoryPlace? Of(string address)
    {
        if (Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Scheme is "https" or "http" or "ssh")
        {
            return Make(uri.Scheme == "ssh" || uri.IsDefaultPort ? uri.Host : uri.Authority, uri.AbsolutePath, uri.Scheme != "ssh");
        }

        // git@host:owner/repository.git
        var colon = address.IndexOf(':', StringComparison.Ordinal);
        return colon > 0 && !address[..colon].Contains('/', StringComparison.Ordinal) && !address.Contains("://", StringComparison.Ordinal)
            ? Make(address[(address.IndexOf('@', StringComparison.Ordinal) is var at && at < colon ? at + 1 : 0)..colon], address[(colon + 1)..], false)
            : null;
    }

    private static RepositoryPlace? Make(string host, string path, bool isHttp)
    {
        path = path.Trim('/');
        path = path.EndsWith(".git", StringComparison.Ordinal) ? path[..^4] : path;
        return path.Split('/') is { Length: >= 2 } parts && parts.All(part => part.Length > 0 && part is not ("." or ".."))
            ? new RepositoryPlace(host.ToLowerInvariant(), path, isHttp) : null;
    }
}
