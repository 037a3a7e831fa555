using Ringfence.Outputs;
using Ringfence.Tests.Workspaces;
using Ringfence.Workspaces;
using Xunit;

namespace Ringfence.Tests.Outputs;

public sealed class A_published_branch : IDisposable
{
    private static readonly CommitMessage Message = new("Add a greeting", "Because.", [new("Ringfence-Run", "r1"), new("Ringfence-Head", "abc\nForged: yes")]);
    private readonly WorkspaceFixture fixture = new();

    [Fact]
    public async Task Holds_exactly_the_tree_above_the_base_and_touches_nothing_else()
    {
        Shell.Run(fixture.Repository, "echo dirty >> readme.txt; echo staged > staged.txt; git add staged.txt; echo untracked > untracked.txt");
        var before = State();
        var workspace = await fixture.PrepareAsync();
        var changes = await WorkspaceFixture.ChangeAsync(workspace, "echo hi > greeting.txt");

        var published = (await BranchOutput.PublishAsync(workspace, changes, Message, TestContext.Current.CancellationToken)).Value;

        Assert.Equal($"ringfence/{workspace.Run}", published.Place);
        Assert.Equal(changes.Tree, fixture.Git($"rev-parse {published.Place}^{{tree}}"));
        Assert.Equal(workspace.BaseCommit, fixture.Git($"rev-parse {published.Place}^"));
        Assert.Equal(before, State());
        Assert.Equal("", fixture.Git("fsck --strict --no-dangling --no-progress"));
        Assert.Equal("Add a greeting\n\nBecause.\n\nRingfence-Run: r1\nRingfence-Head: abc Forged: yes", fixture.Git($"log -1 --format=%B {published.Place}"));
        Assert.Contains("3 uncommitted changes are not included", Assert.Single(workspace.Notices), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Is_found_when_it_is_published_again()
    {
        var workspace = await fixture.PrepareAsync();
        var changes = await WorkspaceFixture.ChangeAsync(workspace, "echo hi > greeting.txt");
        var first = await BranchOutput.PublishAsync(workspace, changes, Message, TestContext.Current.CancellationToken);

        var second = await BranchOutput.PublishAsync(workspace, changes, Message with { Subject = "Other" }, TestContext.Current.CancellationToken);

        Assert.Equal(first.Value, second.Value);
    }

    [Fact]
    public async Task Fails_when_a_branch_of_that_name_holds_something_else()
    {
        var workspace = await fixture.PrepareAsync();
        var changes = await WorkspaceFixture.ChangeAsync(workspace, "echo hi > greeting.txt");
        Shell.Run(fixture.Repository, $"git checkout -q -b ringfence/{workspace.Run}; echo theirs > t; git add t; git commit -qm theirs");

        var published = await BranchOutput.PublishAsync(workspace, changes, Message, TestContext.Current.CancellationToken);

        Assert.Equal("branch_exists", Assert.Single(published.Failures).Code);
    }

    [Fact]
    public async Task Fails_when_a_branch_called_ringfence_is_in_the_way()
    {
        fixture.Git("branch ringfence");
        var workspace = await fixture.PrepareAsync();
        var changes = await WorkspaceFixture.ChangeAsync(workspace, "echo hi > greeting.txt");

        var published = await BranchOutput.PublishAsync(workspace, changes, Message, TestContext.Current.CancellationToken);

        Assert.Equal("branch_blocked", Assert.Single(published.Failures).Code);
    }

    [Fact]
    public async Task Runs_no_hook_of_the_repository()
    {
        Shell.Run(fixture.Repository, """
            for hook in reference-transaction post-checkout post-merge pre-auto-gc post-commit post-index-change; do printf '#!/bin/sh\ntouch "%s/ran"\n' "$PWD" > .git/hooks/$hook; chmod +x .git/hooks/$hook; done
            """);
        var workspace = await fixture.PrepareAsync();
        var changes = await WorkspaceFixture.ChangeAsync(workspace, "echo hi > greeting.txt");

        await BranchOutput.PublishAsync(workspace, changes, Message, TestContext.Current.CancellationToken);

        Assert.False(File.Exists(Path.Combine(fixture.Repository, "ran")));
    }

    [Fact]
    public async Task Is_also_a_patch_that_git_am_takes()
    {
        var workspace = await fixture.PrepareAsync();
        var changes = await WorkspaceFixture.ChangeAsync(workspace, "echo hi > greeting.txt; head -c 3000 /dev/urandom > binary; printf 'a\\r\\n' > crlf; ln -s x l; chmod +x readme.txt");
        var file = Path.Combine(fixture.Root, "run.patch");

        var published = await PatchOutput.PublishAsync(workspace, changes, Message, file, TestContext.Current.CancellationToken);

        Assert.False(published.IsFailure);
        Shell.Run(fixture.Repository, "git am -q --keep-cr \"$0\"", file);
        Assert.Equal(changes.Tree, fixture.Git("rev-parse HEAD^{tree}"));
    }

    public void Dispose() => fixture.Dispose();

    private string State() => Shell.Run(fixture.Repository, "git --no-optional-locks status --porcelain; git rev-parse HEAD; cat .git/HEAD; sha256sum .git/index readme.txt staged.txt untracked.txt");
}
