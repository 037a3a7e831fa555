using System.Text.Json.Nodes;

namespace Ringfence.Triggers;

/// <summary>Reads GitLab's webhooks. They do not say who belongs to the project, so only pushes and logins that the server's policy trusts start a run by themselves.</summary>
public static class GitLabEvents
{
    /// <inheritdoc cref="GitHubEvents.Read"/>
    public static TriggerEvent? Read(JsonNode body)
    {
        var (about, author) = (body["object_attributes"], (string?)body["user"]?["username"] ?? (string?)body["user_username"] ?? "");

        return (string?)body["object_kind"] switch
        {
            "issue" when about is not null && Added(body) is { Count: > 0 } labels => About(about, TriggerKind.Issue, author) with { Labels = labels, Title = (string?)about["title"] ?? "" },
            "note" when about is not null => About(about, TriggerKind.Comment, author) with
            {
                Number = (long?)(body["issue"] ?? body["merge_request"])?["iid"] ?? 0, Title = (string?)(body["issue"] ?? body["merge_request"])?["title"] ?? "", Body = (string?)about["note"] ?? "",
            },
            "merge_request" when about is not null && ((string?)about["action"] is "open" or "reopen" || about["oldrev"] is not null) => About(about, TriggerKind.PullRequest, author) with
            {
                Title = (string?)about["title"] ?? "",
                Branch = (string?)about["target_branch"],
                From = (long?)about["source_project_id"] == (long?)about["target_project_id"] ? (string?)about["source_branch"] : null,
                Ref = $"refs/merge-requests/{(long?)about["iid"] ?? 0}/head",
            },
            "push" when (string?)body["after"] is { } after && after.Any(c => c != '0') && (string?)body["ref"] is { } pushed && pushed.StartsWith("refs/heads/", StringComparison.Ordinal) => new TriggerEvent(TriggerKind.Push)
            {
                Author = author, IsMember = true, Branch = pushed["refs/heads/".Length..], Ref = after, Title = (string?)body["commits"]?.AsArray().LastOrDefault()?["title"] ?? "",
            },
            _ => null,
        };
    }

    private static TriggerEvent About(JsonNode about, TriggerKind kind, string author) => new(kind)
    {
        Author = author, Number = (long?)about["iid"] ?? 0, Body = (string?)about["description"] ?? "", Url = (string?)about["url"] ?? "",
    };

    /// <summary>Labels that this event added.</summary>
    private static List<string> Added(JsonNode body)
    {
        static IEnumerable<string> Names(JsonNode? list) => (list as JsonArray ?? []).Select(label => (string?)label?["title"] ?? "");

        // A new issue has its labels without a change of them.
        return body["changes"]?["labels"] is { } changed ? [.. Names(changed["current"]).Except(Names(changed["previous"]))]
            : (string?)body["object_attributes"]?["action"] == "open" ? [.. Names(body["labels"])] : [];
    }
}
