using System.Text.Json.Nodes;

namespace Ringfence.Outputs.CodeHosts;

/// <summary>GitLab: pull requests are merge requests there.</summary>
internal sealed class GitLabHost(CodeHostHttp http, string path) : ICodeHost
{
    private readonly string project = $"/projects/{Uri.EscapeDataString(path)}";

    public string GitUser => "oauth2";

    public async Task<Result<string>> DefaultBranchAsync(CancellationToken cancellationToken) =>
        !(await http.AskAsync(HttpMethod.Get, project, null, cancellationToken)).Succeeded(out var answer, out var why) ? Result.Fail<string>(why)
            : answer.Text("default_branch") is { } branch ? branch : http.Refused($"to show {path}", answer);

    public async Task<Result<PullRequest?>> FindAsync(string branch, CancellationToken cancellationToken) =>
        !(await http.AskAsync(HttpMethod.Get, $"{project}/merge_requests?state=all&source_branch={Uri.EscapeDataString(branch)}", null, cancellationToken)).Succeeded(out var answer, out var why) ? Result.Fail<PullRequest?>(why)
            : answer.IsSuccess ? answer.Items.Select(Read).FirstOrDefault() : http.Refused("to list merge requests", answer);

    public async Task<Result<PullRequest?>> OpenAsync(NewPullRequest request, CancellationToken cancellationToken)
    {
        var body = new JsonObject
        {
            ["source_branch"] = request.Branch, ["target_branch"] = request.Base, ["title"] = (request.Draft ? "Draft: " : "") + request.Title, ["description"] = request.Body,
        };

        return !(await http.AskAsync(HttpMethod.Post, $"{project}/merge_requests", body, cancellationToken)).Succeeded(out var answer, out var why) ? Result.Fail<PullRequest?>(why)
            : answer.IsSuccess ? Read(answer.Json!)
            : answer.Status is CodeHostAnswer.Unknown or 409 ? (PullRequest?)null
            : http.Refused("the merge request", answer);
    }

    public async Task<Failure?> DecorateAsync(PullRequest request, PullRequestTerms terms, CancellationToken cancellationToken)
    {
        var change = new JsonObject();

        if (terms.Labels.Count > 0)
        {
            change["add_labels"] = string.Join(',', terms.Labels);
        }

        if (terms.Reviewers.Count > 0)
        {
            var ids = new JsonArray();

            foreach (var name in terms.Reviewers)
            {
                if (!(await http.AskAsync(HttpMethod.Get, $"/users?username={Uri.EscapeDataString(name)}", null, cancellationToken)).Succeeded(out var found, out var why))
                {
                    return why[0];
                }

                if (found.Items.FirstOrDefault()?["id"] is not { } id)
                {
                    return new Failure("code_host_refused", $"There is no user '{Printable.Escape(name)}' to review.", "output.pull_request.reviewers has names of the code host's users.");
                }

                ids.Add((long)id);
            }

            change["reviewer_ids"] = ids;
        }

        // The same change again is the same merge request.
        for (var attempt = 1; change.Count > 0; attempt++)
        {
            if (!(await http.AskAsync(HttpMethod.Put, $"{project}/merge_requests/{request.Number}", change, cancellationToken)).Succeeded(out var answer, out var why))
            {
                return why[0];
            }

            if (answer.Status != CodeHostAnswer.Unknown || attempt == 4)
            {
                return answer.IsSuccess ? null : answer.Status == CodeHostAnswer.Unknown ? http.Unavailable(answer.Why) : http.Refused("labels and reviewers", answer);
            }
        }

        return null;
    }

    private static PullRequest Read(JsonNode json) => new((long)json["iid"]!, (string)json["web_url"]!, (string)json["sha"]!);
}
