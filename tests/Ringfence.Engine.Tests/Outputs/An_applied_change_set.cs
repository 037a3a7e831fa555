using Ringfence.Outputs;
using Ringfence.Tests.Workspaces;
using Ringfence.Workspaces;
using Xunit;

namespace Ringfence.Tests.Outputs;

public sealed class An_applied_change_set : IDisposable
{
    private readonly WorkspaceFixture fixture = new();

    [Fact]
    public async Task Makes_the_working_tree_what_the_run_made_and_leaves_the_index_alone()
    {
        var (workspace, changes) = await RunAsync("echo more >> readme.txt; rm src/a.cs; mkdir n; printf 'x\\0y' > n/binary; ln -s ../readme.txt n/link; printf q > $'n/odd \"name\"\\n'; chmod +x readme.txt");
        var index = Shell.Run(fixture.Repository, "sha256sum .git/index");

        var applied = await WorkingTree.ApplyAsync(workspace, changes, fixture.Repository, TestContext.Current.CancellationToken);

        Assert.Equal(5, applied.Value);
        Assert.Equal(index, Shell.Run(fixture.Repository, "sha256sum .git/index"));
        fixture.Git("add -A");
        Assert.Equal(changes.Tree, fixture.Git("write-tree"));
    }

    [Fact]
    public async Task Fits_a_repository_that_has_moved_on_elsewhere()
    {
        var (workspace, changes) = await RunAsync("echo more >> readme.txt");
        Shell.Run(fixture.Repository, "echo 2 > src/a.cs; git commit -qam second; echo dirty > src/other");

        Assert.Equal(1, (await WorkingTree.ApplyAsync(workspace, changes, fixture.Repository, TestContext.Current.CancellationToken)).Value);
        Assert.Equal("hello\nmore", Shell.Run(fixture.Repository, "cat readme.txt"));
    }

    [Theory]
    [InlineData("echo mine >> readme.txt", "uncommitted_changes")]
    [InlineData("echo mine >> readme.txt; git add readme.txt", "uncommitted_changes")]
    [InlineData("echo mine > new.txt", "uncommitted_changes")]
    [InlineData("echo new.txt > .git/info/exclude; echo mine > new.txt", "apply_conflict")]
    [InlineData("echo other > readme.txt; git commit -qam other", "apply_conflict")]
    [InlineData("git rm -q readme.txt; git commit -qm gone", "apply_conflict")]
    public async Task Is_refused_where_it_would_overwrite_what_the_user_has(string user, string code)
    {
        var (workspace, changes) = await RunAsync("echo more >> readme.txt; echo new > new.txt; echo 2 > src/a.cs");
        Shell.Run(fixture.Repository, user);
        var before = State();

        var applied = await WorkingTree.ApplyAsync(workspace, changes, fixture.Repository, TestContext.Current.CancellationToken);

        Assert.Equal(code, Assert.Single(applied.Failures).Code);
        Assert.Equal(before, State());
    }

    [Fact]
    public async Task Is_refused_with_every_reason_at_once()
    {
        var (workspace, changes) = await RunAsync("echo more >> readme.txt; echo 2 > src/a.cs; ln -s /etc/passwd link; ln -s src/../../x up");
        Shell.Run(fixture.Repository, "echo mine >> readme.txt; echo mine > src/a.cs");

        var applied = await WorkingTree.ApplyAsync(workspace, changes, fixture.Repository, TestContext.Current.CancellationToken);

        Assert.Equal(["link_leaves_repository", "link_leaves_repository", "uncommitted_changes", "uncommitted_changes"], applied.Failures.Select(f => f.Code).Order());
    }

    [Fact]
    public async Task Never_writes_through_a_link_of_the_working_tree()
    {
        var (workspace, changes) = await RunAsync("echo 2 > src/a.cs; echo new > src/new.cs");
        Shell.Run(fixture.Repository, "mkdir ../outside; cp src/a.cs ../outside/; git rm -qr src; ln -s ../outside src; git add .; git commit -qm link; git update-index -q --refresh");

        var applied = await WorkingTree.ApplyAsync(workspace, changes, fixture.Repository, TestContext.Current.CancellationToken);

        Assert.All(applied.Failures, f => Assert.Equal("path_through_link", f.Code));
        Assert.Equal(2, applied.Failures.Count);
        Assert.Equal("a.cs\n1", Shell.Run(fixture.Root, "ls outside; cat outside/a.cs"));
    }

    [Fact]
    public async Task Is_put_back_whole_when_the_disk_refuses_half_of_it()
    {
        var (workspace, changes) = await RunAsync("echo more >> readme.txt; echo new > src/zzz; rm src/a.cs");
        var before = State();
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Making a folder unwritable that git then meets needs the right to set the immutable attribute (root).");
        Shell.Run(fixture.Repository, "chattr +i src");

        try
        {
            var applied = await WorkingTree.ApplyAsync(workspace, changes, fixture.Repository, TestContext.Current.CancellationToken);
            Assert.Equal("apply_failed", Assert.Single(applied.Failures).Code);
        }
        finally
        {
            Shell.Run(fixture.Repository, "chattr -i src");
        }

        Assert.Equal(before, State());
    }

    [Fact]
    public async Task Needs_a_working_tree()
    {
        var (workspace, changes) = await RunAsync("echo more >> readme.txt");

        var applied = await WorkingTree.ApplyAsync(workspace, changes, "/", TestContext.Current.CancellationToken);

        Assert.Equal("not_a_repository", Assert.Single(applied.Failures).Code);
    }

    public void Dispose() => fixture.Dispose();

    private async Task<(Workspace, ChangeSet)> RunAsync(string script)
    {
        var workspace = await fixture.PrepareAsync();
        return (workspace, await WorkspaceFixture.ChangeAsync(workspace, script));
    }

    private string State() => Shell.Run(fixture.Repository, "git --no-optional-locks status --porcelain -uall; find . -path ./.git -prune -o -print | sort; find . -path ./.git -prune -o -type f -print0 | sort -z | xargs -0 sha256sum; sha256sum .git/index");
}
