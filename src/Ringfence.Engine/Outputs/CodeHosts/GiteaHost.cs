using System.Text.Json.Nodes;

namespace Ringfence.Outputs.CodeHosts;

/// <summary>Gitea and Forgejo: GitHub's interface in the main, but drafts are titles, labels are numbers, and pull requests are not found by their branch.</summary>
internal sealed class GiteaHost(CodeHostHttp http, string path) : ICodeHost
{
    private const int PageSize = 50;
    private const int MostPages = 20;

    private readonly GitHubHost like = new(http, path);
    private readonly string repository = $"/repos/{path}";

    public string GitUser => "ringfence";

    public Task<Result<string>> DefaultBranchAsync(CancellationToken cancellationToken) => like.DefaultBranchAsync(cancellationToken);

    public async Task<Result<PullRequest?>> FindAsync(string branch, CancellationToken cancellationToken)
    {
        // The newest come first, and what is looked for was opened a moment ago.
        for (var page = 1; page <= MostPages; page++)
        {
            if (!(await http.AskAsync(HttpMethod.Get, $"{repository}/pulls?state=all&sort=recentupdate&limit={PageSize}&page={page}", null, cancellationToken)).Succeeded(out var answer, out var why))
            {
                return Result.Fail<PullRequest?>(why);
            }

            if (!answer.IsSuccess)
            {
                return http.Refused("to list pull requests", answer);
            }

            if (answer.Items.FirstOrDefault(item => (string?)item["head"]?["ref"] == branch) is { } found)
            {
                return Read(found);
            }

            if (answer.Items.Count() < PageSize)
            {
                break;
            }
        }

        return (PullRequest?)null;
    }

    public async Task<Result<PullRequest?>> OpenAsync(NewPullRequest request, CancellationToken cancellationToken)
    {
        var body = new JsonObject { ["title"] = (request.Draft ? "WIP: " : "") + request.Title, ["head"] = request.Branch, ["base"] = request.Base, ["body"] = request.Body };

        return !(await http.AskAsync(HttpMethod.Post, $"{repository}/pulls", body, cancellationToken)).Succeeded(out var answer, out var why) ? Result.Fail<PullRequest?>(why)
            : answer.IsSuccess ? Read(answer.Json!)
            : answer.Status is CodeHostAnswer.Unknown or 409 ? (PullRequest?)null
            : http.Refused("the pull request", answer);
    }

    public async Task<Failure?> DecorateAsync(PullRequest request, PullRequestTerms terms, CancellationToken cancellationToken)
    {
        // Since Gitea 1.21 and Forgejo 7 labels may be given by name.
        return await like.DecorateAsync(request, terms, cancellationToken);
    }

    private static PullRequest Read(JsonNode json) => new((long)json["number"]!, (string)json["html_url"]!, (string)json["head"]!["sha"]!);
}
