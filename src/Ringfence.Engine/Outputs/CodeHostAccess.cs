using System.Text;
using Ringfence.Outputs.CodeHosts;
using Ringfence.Workspaces;

namespace Ringfence.Outputs;

/// <summary>The way to a repository's code host: where it is, what it speaks, and the token. Found before a run starts, so that none works in vain.</summary>
/// <param name="Remote">What git is given.</param>
public sealed record CodeHostAccess(CodeHost Host, RepositoryPlace Place, string Remote, string Token)
{
    /// <summary>
    /// For the repository of a run: its URL, or the <c>origin</c> of a clone on this machine. Fails with <c>no_code_host</c> or <c>no_code_host_token</c>.
    /// </summary>
    /// <param name="configured">Hosts of the server's policy; they come before those that are known.</param>
    public static async Task<Result<CodeHostAccess>> FindAsync(
        string repository, IReadOnlyList<CodeHost> configured, Func<string, string?> variable, CancellationToken cancellationToken)
    {
        var remote = Directory.Exists(repository) ? await OriginAsync(repository, cancellationToken) : repository;

        if (remote is null || RepositoryPlace.Of(remote) is not { } place || configured.Concat(CodeHost.Known).FirstOrDefault(host => host.Host == place.Host) is not { } host)
        {
            return new Failure(
                "no_code_host", $"No code host is known for {Printable.Escape(remote is null ? repository : RepositoryAddress.Parse(remote).Display)}, so it can take no pull request.",
                "policy.yaml of the server names others than GitHub, GitLab and Codeberg: code_hosts. Or use the branch output.");
        }

        return variable(host.Token) is { Length: > 0 } token && token.All(c => c is > ' ' and <= '~')
            ? new CodeHostAccess(host, place, remote, token)
            : new Failure("no_code_host_token", $"There is no token for {host.Host}.", $"Set {host.Token} in the environment of Ringfence; no sandbox gets it.");
    }

    /// <summary>Git with the token for this host and no other, in settings of the environment: argument lists are public.</summary>
    internal Git Git(string gitDirectory, string user)
    {
        var git = Workspaces.Git.UserOn(gitDirectory);
        return !Place.IsHttp ? git : git
            .WithSetting($"http.{new Uri(Remote).GetLeftPart(UriPartial.Authority)}/.extraHeader", $"Authorization: Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{Token}"))}")
            .WithSetting("http.followRedirects", "false")
            .WithSetting("credential.helper", "");
    }

    internal ICodeHost Open(CodeHostHttp http) => Host.Kind switch
    {
        CodeHostKind.GitLab => new GitLabHost(http, Place.Path),
        CodeHostKind.Gitea => new GiteaHost(http, Place.Path),
        _ => new GitHubHost(http, Place.Path),
    };

    private static async Task<string?> OriginAsync(string folder, CancellationToken cancellationToken) =>
        (await Workspaces.Git.UserIn(folder).RunAsync(["remote", "get-url", "origin"], cancellationToken)).Succeeded(out var answer) && answer.IsSuccess ? answer.Text : null;
}
