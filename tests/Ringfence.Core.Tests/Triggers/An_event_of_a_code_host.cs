using System.Text.Json.Nodes;
using Ringfence.Outputs;
using Ringfence.Triggers;
using Xunit;

namespace Ringfence.Tests.Triggers;

/// <summary>What code hosts send is read for what it is about and who says so, and starts the workflows that wait for it.</summary>
public sealed class An_event_of_a_code_host
{
    private const string Comment = """{"action":"created","issue":{"number":7,"title":"Slow"},"comment":{"body":"please /agent fix it","html_url":"u","author_association":"ASSOCIATION","user":{"login":"eve","type":"User"}}}""";

    private static readonly TriggerSource Source = new("app", "r", CodeHostKind.GitHub, "S", ["Bob"], new Dictionary<string, string> { ["alice"] = "key:alice" });

    [Fact]
    public void Is_an_issue_that_got_a_label()
    {
        var happened = GitHubEvents.Read("issues", Json("""{"action":"labeled","label":{"name":"agent:auth"},"issue":{"number":3,"title":"T","body":"B","html_url":"u","author_association":"MEMBER","user":{"login":"alice"}}}"""))!;

        Assert.Equal((TriggerKind.Issue, 3, "T", "B", "alice", true), (happened.Kind, happened.Number, happened.Title, happened.Body, happened.Author, happened.IsMember));
        Assert.True(new WorkflowTriggers { IssueLabel = "agent:auth" }.IsStartedBy(happened, "w"));
        Assert.False(new WorkflowTriggers { IssueLabel = "agent" }.IsStartedBy(happened, "w"));
    }

    [Theory]
    [InlineData("OWNER", true)]
    [InlineData("COLLABORATOR", true)]
    [InlineData("CONTRIBUTOR", false)]
    [InlineData("FIRST_TIMER", false)]
    [InlineData("NONE", false)]
    public void Counts_on_the_word_of_members_alone(string association, bool isMember)
    {
        var happened = GitHubEvents.Read("issue_comment", Json(Comment.Replace("ASSOCIATION", association, StringComparison.Ordinal)))!;

        Assert.Equal(isMember, Source.Trusts(happened));
        Assert.True(Source.Trusts(happened with { Author = "bob" }));
        Assert.True(new WorkflowTriggers { Comment = "/agent" }.IsStartedBy(happened, "w"));
        Assert.Equal(("key:alice", "github:eve"), (Source.Person("alice"), Source.Person("eve")));
    }

    [Fact]
    public void Is_a_pull_request_with_its_head_for_the_work_and_its_base_for_the_rules()
    {
        const string Body = """{"action":"opened","pull_request":{"number":9,"title":"T","user":{"login":"eve"},"author_association":"NONE","base":{"ref":"main"},"head":{"ref":"ringfence/x","repo":{"fork":FORK}}}}""";
        var fork = GitHubEvents.Read("pull_request", Json(Body.Replace("FORK", "true", StringComparison.Ordinal)))!;
        var ours = GitHubEvents.Read("pull_request", Json(Body.Replace("FORK", "false", StringComparison.Ordinal)))!;
        var on = new WorkflowTriggers { PullRequestBranches = ["main", "release/*"] };

        Assert.Equal(("refs/pull/9/head", "main"), (fork.Ref, fork.Branch));
        Assert.True(on.IsStartedBy(fork, "w"));
        Assert.False(on.IsStartedBy(ours, "w")); // what Ringfence opened itself starts nothing
        Assert.False(on.IsStartedBy(fork with { Branch = "docs" }, "w"));
    }

    [Fact]
    public void Is_a_push_to_a_branch_and_not_the_end_of_one()
    {
        Assert.Equal(("main", "abc"), GitHubEvents.Read("push", Json("""{"ref":"refs/heads/main","after":"abc","sender":{"login":"alice","type":"User"}}""")) is { } pushed ? (pushed.Branch, pushed.Ref) : default);
        Assert.Null(GitHubEvents.Read("push", Json("""{"ref":"refs/heads/main","deleted":true,"after":"000"}""")));
        Assert.Null(GitHubEvents.Read("push", Json("""{"ref":"refs/tags/v1","after":"abc"}""")));
    }

    [Fact]
    public void Is_the_same_from_GitLab_where_nobody_is_known_as_a_member()
    {
        var issue = GitLabEvents.Read(Json("""{"object_kind":"issue","user":{"username":"eve"},"object_attributes":{"iid":4,"title":"T","description":"B","action":"update"},"changes":{"labels":{"previous":[{"title":"a"}],"current":[{"title":"a"},{"title":"agent"}]}}}"""))!;
        var request = GitLabEvents.Read(Json("""{"object_kind":"merge_request","user":{"username":"eve"},"object_attributes":{"iid":5,"title":"T","action":"open","source_branch":"f","target_branch":"main","source_project_id":1,"target_project_id":1}}"""))!;

        Assert.Equal((TriggerKind.Issue, "eve", false), (issue.Kind, issue.Author, issue.IsMember));
        Assert.Equal(["agent"], issue.Labels);
        Assert.Equal(("refs/merge-requests/5/head", "main", "f"), (request.Ref, request.Branch, request.From));
        Assert.Null(GitLabEvents.Read(Json("""{"object_kind":"pipeline"}""")));
    }

    [Theory]
    [InlineData("issues", "{}")]
    [InlineData("issues", """{"action":"closed","issue":{}}""")]
    [InlineData("ping", """{"zen":"x"}""")]
    public void Starts_nothing_when_it_is_something_else(string name, string body) => Assert.Null(GitHubEvents.Read(name, Json(body)));

    private static JsonNode Json(string text) => JsonNode.Parse(text)!;
}
