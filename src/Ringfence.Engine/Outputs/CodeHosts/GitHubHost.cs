using System.Text.Json.Nodes;

namespace Ringfence.Outputs.CodeHosts;

/// <summary>GitHub and GitHub Enterprise.</summary>
internal sealed class GitHubHost(CodeHostHttp http, string path) : ICodeHost
{
    private const string Team = "team:";

    private readonly string repository = $"/repos/{path}";

    public string GitUser => "x-access-token";

    public async Task<Result<string>> DefaultBranchAsync(CancellationToken cancellationToken) =>
        !(await http.AskAsync(HttpMethod.Get, repository, null, cancellationToken)).Succeeded(out var answer, out var why) ? Result.Fail<string>(why)
            : answer.Text("default_branch") is { } branch ? branch : http.Refused($"to show {path}", answer);

    public async Task<Result<PullRequest?>> FindAsync(string branch, CancellationToken cancellationToken)
    {
        var head = Uri.EscapeDataString($"{path.Split('/')[0]}:{branch}");

        return !(await http.AskAsync(HttpMethod.Get, $"{repository}/pulls?state=all&head={head}", null, cancellationToken)).Succeeded(out var answer, out var why) ? Result.Fail<PullRequest?>(why)
            : answer.IsSuccess ? answer.Items.Select(Read).FirstOrDefault() : http.Refused("to list pull requests", answer);
    }

    public async Task<Result<PullRequest?>> OpenAsync(NewPullRequest request, CancellationToken cancellationToken)
    {
        var body = new JsonObject { ["title"] = request.Title, ["head"] = request.Branch, ["base"] = request.Base, ["body"] = request.Body, ["draft"] = request.Draft };

        return !(await http.AskAsync(HttpMethod.Post, $"{repository}/pulls", body, cancellationToken)).Succeeded(out var answer, out var why) ? Result.Fail<PullRequest?>(why)
            : answer.IsSuccess ? Read(answer.Json!)
            : answer.Status == CodeHostAnswer.Unknown || (answer.Status == 422 && answer.Message.Contains("already exists", StringComparison.OrdinalIgnoreCase)) ? (PullRequest?)null
            : http.Refused("the pull request", answer);
    }

    public async Task<Failure?> DecorateAsync(PullRequest request, PullRequestTerms terms, CancellationToken cancellationToken)
    {
        if (terms.Labels.Count > 0
            && await DoAsync("the labels", $"{repository}/issues/{request.Number}/labels", new JsonObject { ["labels"] = Texts(terms.Labels) }, cancellationToken) is { } failure)
        {
            return failure;
        }

        var teams = terms.Reviewers.Where(name => name.StartsWith(Team, StringComparison.Ordinal)).Select(name => name[Team.Length..]).ToList();
        var people = terms.Reviewers.Where(name => !name.StartsWith(Team, StringComparison.Ordinal)).ToList();
        return terms.Reviewers.Count == 0 ? null : await DoAsync(
            "the reviewers", $"{repository}/pulls/{request.Number}/requested_reviewers", new JsonObject { ["reviewers"] = Texts(people), ["team_reviewers"] = Texts(teams) }, cancellationToken);
    }

    // Both are sets at the host: what is there already stays once, so an answer that got lost is asked for again.
    private async Task<Failure?> DoAsync(string what, string place, JsonObject body, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            if (!(await http.AskAsync(HttpMethod.Post, place, body, cancellationToken)).Succeeded(out var answer, out var why))
            {
                return why[0];
            }

            if (answer.Status != CodeHostAnswer.Unknown || attempt == 4)
            {
                return answer.IsSuccess ? null : answer.Status == CodeHostAnswer.Unknown ? http.Unavailable(answer.Why) : http.Refused(what, answer);
            }
        }
    }

    private static PullRequest Read(JsonNode json) => new((long)json["number"]!, (string)json["html_url"]!, (string)json["head"]!["sha"]!);

    private static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(text => (JsonNode)text)]);
}
