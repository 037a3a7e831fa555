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

    [Theory]
    [InlineData(1)]
    [InlineData(300)]
    public async Task Brings_every_object_that_it_needs_and_no_other(int files)
    {
        var workspace = await fixture.PrepareAsync();
        await WorkspaceFixture.ChangeAsync(workspace, "echo attempt-that-was-given-up > a.txt");
        var changes = await WorkspaceFixture.ChangeAsync(
            workspace, $"rm a.txt; mkdir -p deep/er; for i in $(seq {files}); do echo $i > deep/er/$i; done; echo 2 >> src/a.cs; rm readme.txt; ln -s a.cs src/l");

        var published = (await BranchOutput.PublishAsync(workspace, changes, Message, TestContext.Current.CancellationToken)).Value;

        Assert.Equal(changes.Tree, fixture.Git($"rev-parse {published.Place}^{{tree}}"));
        Assert.Equal("", fixture.Git("fsck --strict --full --no-progress --no-dangling"));
        Assert.Equal("", fixture.Git("fsck --unreachable --no-progress --no-reflogs"));

        // A few stand singly, as after git's own fetch; many are one pack.
        Assert.Equal(files < 100 ? 0 : 1, Directory.GetFiles(Path.Combine(fixture.Repository, ".git", "objects", "pack"), "*.pack").Length);
    }

    [Fact]
    public async Task Is_not_made_by_a_run_that_is_cancelled_while_objects_are_on_their_way()
    {
        var workspace = await fixture.PrepareAsync();
        var changes = await WorkspaceFixture.ChangeAsync(workspace, "echo hi > greeting.txt");

        // A configuration that does not come to an end holds every git in this repository.
        Shell.Run(fixture.Repository, "mv .git/config ../config; mkfifo .git/config");
        using var cancelled = new CancellationTokenSource();
        var publishing = BranchOutput.PublishAsync(workspace, changes, Message, cancelled.Token);
        using (File.Open(Path.Combine(fixture.Repository, ".git", "config"), FileMode.Open, FileAccess.Write)) // opens when git reads
        {
            await cancelled.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => publishing);
        }

        Shell.Run(fixture.Repository, "mv ../config .git/config");
        Assert.Equal("", fixture.Git("for-each-ref refs/heads/ringfence refs/notes"));
        Assert.False((await BranchOutput.PublishAsync(workspace, changes, Message, TestContext.Current.CancellationToken)).IsFailure);
    }

    [Fact]
    public async Task Is_not_made_where_its_base_is_gone()
    {
        var workspace = await fixture.PrepareAsync();
        var changes = await WorkspaceFixture.ChangeAsync(workspace, "echo hi > greeting.txt");
        Shell.Run(fixture.Repository, "git checkout -q --orphan other; git commit -qm other; git branch -D $(git for-each-ref --format='%(refname:short)' refs/heads | grep -v other) -q; git reflog expire --expire=now --all; git gc -q --prune=now");

        var published = await BranchOutput.PublishAsync(workspace, changes, Message, TestContext.Current.CancellationToken);

        Assert.Equal("base_gone", Assert.Single(published.Failures).Code);
        Assert.Equal("", fixture.Git("for-each-ref refs/heads/ringfence"));
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
        var changes = await WorkspaceFixture.ChangeAsync(workspace, "echo hi > greeting.txt; printf '\\0' > binary; head -c 3000 /dev/urandom >> binary; printf 'a\\r\\n' > crlf; ln -s x l; chmod +x readme.txt");
        var file = Path.Combine(fixture.Root, "run.patch");

        var published = await PatchOutput.PublishAsync(workspace, changes, Message, file, TestContext.Current.CancellationToken);

        Assert.False(published.IsFailure);
        Shell.Run(fixture.Repository, "git am -q --keep-cr \"$0\"", file);
        Assert.Equal(changes.Tree, fixture.Git("rev-parse HEAD^{tree}"));
    }

    public void Dispose() => fixture.Dispose();

    private string State() => Shell.Run(fixture.Repository, "git --no-optional-locks status --porcelain; git rev-parse HEAD; cat .git/HEAD; sha256sum .git/index readme.txt staged.txt untracked.txt");
}
