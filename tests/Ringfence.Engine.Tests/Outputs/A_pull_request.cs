using System.Text.Json.Nodes;
using Ringfence.Outputs;
using Ringfence.Tests.Workspaces;
using Ringfence.Workspaces;
using Xunit;

namespace Ringfence.Tests.Outputs;

/// <summary>A change set becomes one pull request that holds exactly its tree, whatever the code host does meanwhile.</summary>
public sealed class A_pull_request : IDisposable
{
    private static readonly CommitMessage Message = new("Add a greeting", null, [new("Ringfence-Run", "r1")]);
    private static readonly PullRequestTerms Terms = new() { Draft = true, Labels = ["agent", "auth"], Reviewers = ["ada"] };
    private readonly WorkspaceFixture fixture = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => fixture.Dispose();

    [Theory]
    [InlineData(CodeHostKind.GitHub)]
    [InlineData(CodeHostKind.GitLab)]
    [InlineData(CodeHostKind.Gitea)]
    public async Task Is_opened_with_all_that_was_asked_for_and_holds_exactly_the_tree(CodeHostKind kind)
    {
        await using var host = await CodeHostServer.StartAsync(kind);
        var (workspace, changes) = await ChangedAsync(host);

        var opened = (await PublishAsync(host, workspace, changes, Terms)).Value;

        Assert.Equal(changes.Tree, host.Git($"rev-parse {opened.Branch}^{{tree}}"));
        Assert.Equal(workspace.BaseCommit, host.Git($"rev-parse {opened.Branch}^"));
        var there = Assert.Single(host.PullRequests);
        Assert.Equal((kind switch { CodeHostKind.GitLab => "Draft: ", CodeHostKind.Gitea => "WIP: ", _ => "" }) + "Add a greeting", (string?)there["title"]);
        Assert.Equal(kind is CodeHostKind.GitHub, there["draft"]?.GetValue<bool>() ?? false);
        Assert.Equal("main", (string?)there["base"]);
        Assert.Equal(["agent", "auth"], there["labels"]!.AsArray().Select(label => (string?)label));
        Assert.Equal(kind is CodeHostKind.GitLab ? "[17]" : "[\"ada\"]", there["reviewers"]!.ToJsonString());
    }

    [Theory]
    [InlineData(CodeHostKind.GitHub)]
    [InlineData(CodeHostKind.GitLab)]
    [InlineData(CodeHostKind.Gitea)]
    public async Task Is_found_again_and_never_opened_twice(CodeHostKind kind)
    {
        await using var host = await CodeHostServer.StartAsync(kind);
        var (workspace, changes) = await ChangedAsync(host);

        var first = (await PublishAsync(host, workspace, changes, Terms)).Value;
        var again = (await PublishAsync(host, workspace, changes, Terms, Message with { Subject = "Made at another second" })).Value;

        Assert.Equal(first, again);
        Assert.Single(host.PullRequests);
    }

    [Theory]
    [InlineData(CodeHostKind.GitHub)]
    [InlineData(CodeHostKind.GitLab)]
    [InlineData(CodeHostKind.Gitea)]
    public async Task Is_looked_for_when_the_answer_to_opening_it_got_lost(CodeHostKind kind)
    {
        await using var host = await CodeHostServer.StartAsync(kind);
        var (workspace, changes) = await ChangedAsync(host);
        host.Faults.Enqueue(new Fault("GET", 503));
        host.Faults.Enqueue(new Fault("GET", 429, Headers: ("Retry-After", "0")));
        host.Faults.Enqueue(new Fault("POST", 0));
        host.Faults.Enqueue(new Fault("POST", 500, TakesEffect: true));

        var opened = await PublishAsync(host, workspace, changes, new PullRequestTerms());

        Assert.False(opened.IsFailure, string.Join('\n', opened.Failures));
        Assert.Empty(host.Faults);
        Assert.Single(host.PullRequests);
    }

    [Fact]
    public async Task Waits_for_no_host_that_wants_an_hour_and_may_be_tried_again()
    {
        await using var host = await CodeHostServer.StartAsync(CodeHostKind.GitHub);
        var (workspace, changes) = await ChangedAsync(host);
        host.Faults.Enqueue(new Fault("GET", 403, Headers: ("Retry-After", "3600")));

        var failure = Assert.Single((await PublishAsync(host, workspace, changes, Terms)).Failures);

        Assert.Equal("code_host_unavailable", failure.Code);
        Assert.Contains("limits how often it is asked", failure.Message, StringComparison.Ordinal);
        Assert.False((await PublishAsync(host, workspace, changes, Terms)).IsFailure);
        Assert.Single(host.PullRequests);
    }

    [Fact]
    public async Task Is_refused_with_the_reason_of_the_host()
    {
        await using var host = await CodeHostServer.StartAsync(CodeHostKind.GitHub);
        var (workspace, changes) = await ChangedAsync(host);

        Assert.Contains("base or head is invalid", Assert.Single((await PublishAsync(host, workspace, changes, Terms with { Base = "no-such" })).Failures).Message, StringComparison.Ordinal);
        Assert.Contains("only be requested from collaborators", Assert.Single((await PublishAsync(host, workspace, changes, Terms with { Reviewers = ["nobody"] })).Failures).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Is_not_opened_with_a_token_that_the_host_does_not_take()
    {
        await using var host = await CodeHostServer.StartAsync(CodeHostKind.GitHub);
        var (workspace, changes) = await ChangedAsync(host);

        var failure = Assert.Single((await PublishAsync(host, workspace, changes, Terms, token: "wrong")).Failures);

        Assert.Equal("push_failed", failure.Code);
        Assert.DoesNotContain("wrong", failure.Message, StringComparison.Ordinal);
        Assert.Equal("", host.Git("for-each-ref refs/heads/ringfence"));
    }

    [Fact]
    public async Task Is_not_made_from_a_branch_that_holds_something_else()
    {
        await using var host = await CodeHostServer.StartAsync(CodeHostKind.GitHub);
        var (workspace, changes) = await ChangedAsync(host);
        Shell.Run(host.Bare, $"git update-ref refs/heads/ringfence/{workspace.Run} $(git -c user.name=x -c user.email=x commit-tree -m theirs main^{{tree}})");

        Assert.Equal("branch_exists", Assert.Single((await PublishAsync(host, workspace, changes, Terms)).Failures).Code);
        Assert.Empty(host.PullRequests);
    }

    [Fact]
    public async Task Is_refused_before_the_work_when_its_host_or_token_is_not_known()
    {
        async Task<string> CodeAsync(string repository, string? token) =>
            (await CodeHostAccess.FindAsync(repository, [], _ => token, Cancel)) is { IsFailure: true } refused ? refused.Failures[0].Code : "found";

        Assert.Equal("no_code_host", await CodeAsync("https://git.nowhere.example/a/b", "t"));
        Assert.Equal("no_code_host", await CodeAsync(fixture.Repository, "t"));
        Assert.Equal("no_code_host_token", await CodeAsync("https://github.com/acme/app", null));
        Assert.Equal("found", await CodeAsync("git@github.com:acme/app.git", "t"));
        fixture.Git("remote add origin https://gitlab.com/acme/team/app.git");
        Assert.Equal("found", await CodeAsync(fixture.Repository, "t"));
    }

    private async Task<(Workspace Workspace, ChangeSet Changes)> ChangedAsync(CodeHostServer host)
    {
        var workspace = await fixture.PrepareAsync(host.Url);
        return (workspace, await WorkspaceFixture.ChangeAsync(workspace, "echo hi > greeting.txt"));
    }

    private static async Task<Result<OpenedPullRequest>> PublishAsync(
        CodeHostServer host, Workspace workspace, ChangeSet changes, PullRequestTerms terms, CommitMessage? message = null, string token = CodeHostServer.Token)
    {
        var access = (await CodeHostAccess.FindAsync(host.Url, [host.Host], _ => token, Cancel)).Value;
        return await new PullRequestOutput(access, TimeProvider.System).PublishAsync(workspace, changes, message ?? Message, terms, "What was asked.", Cancel);
    }
}
