using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ringfence.Triggers;

/// <summary>Reads GitHub's webhooks, which Gitea and Forgejo send in the same form.</summary>
public static class GitHubEvents
{
    private static readonly string[] Members = ["OWNER", "MEMBER", "COLLABORATOR"];

    /// <param name="name">Of the header <c>X-GitHub-Event</c>.</param>
    /// <returns>Null for what starts nothing. Throws <see cref="JsonException"/> and <see cref="InvalidOperationException"/> for what GitHub would not send.</returns>
    public static TriggerEvent? Read(string name, JsonNode body) => (name, (string?)body["action"]) switch
    {
        ("issues", "labeled") when body["issue"] is { } issue => About(issue, TriggerKind.Issue) with { Labels = [(string?)body["label"]?["name"] ?? ""] },
        ("issue_comment", "created") when body["comment"] is { } comment && body["issue"] is { } issue =>
            About(comment, TriggerKind.Comment) with { Number = (long?)issue["number"] ?? 0, Title = (string?)issue["title"] ?? "" },
        ("pull_request", "opened" or "synchronize" or "reopened" or "ready_for_review") when body["pull_request"] is { } request => About(request, TriggerKind.PullRequest) with
        {
            Branch = (string?)request["base"]?["ref"],

            // A fork's name for its branch says nothing about where it comes from.
            From = (bool?)request["head"]?["repo"]?["fork"] == true ? null : (string?)request["head"]?["ref"],
            Ref = $"refs/pull/{(long?)request["number"] ?? 0}/head",
        },
        ("push", _) when (bool?)body["deleted"] != true && (string?)body["ref"] is { } pushed && pushed.StartsWith("refs/heads/", StringComparison.Ordinal) => new TriggerEvent(TriggerKind.Push)
        {
            Author = (string?)body["sender"]?["login"] ?? "",
            IsMember = (string?)body["sender"]?["type"] != "Bot",
            Title = (string?)body["head_commit"]?["message"] ?? "",
            Url = (string?)body["compare"] ?? "",
            Branch = pushed["refs/heads/".Length..],
            Ref = (string?)body["after"],
        },
        _ => null,
    };

    private static TriggerEvent About(JsonNode about, TriggerKind kind) => new(kind)
    {
        Author = (string?)about["user"]?["login"] ?? "",
        IsMember = Members.Contains((string?)about["author_association"]) && (string?)about["user"]?["type"] != "Bot",
        Number = (long?)about["number"] ?? 0,
        Title = (string?)about["title"] ?? "",
        Body = (string?)about["body"] ?? "",
        Url = (string?)about["html_url"] ?? "",
    };
}
