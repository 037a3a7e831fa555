using Ringfence.Runs;
using Ringfence.Workspaces;
using Xunit;

namespace Ringfence.Tests.Workspaces;

public sealed class A_workspace_that_cannot_be_made : IDisposable
{
    private readonly WorkspaceFixture fixture = new();

    [Theory]
    [InlineData("/", null, "not_a_repository")]
    [InlineData("/nonexistent/folder", null, "not_a_repository")]
    [InlineData(null, "nope", "unknown_ref")]
    [InlineData(null, "--upload-pack=touch /tmp/x", "unknown_ref")]
    [InlineData(null, "", "unknown_ref")]
    [InlineData(null, "HEAD:readme.txt", "unknown_ref")]
    [InlineData("https://127.0.0.1:1/nothing.git", null, "repository_not_reachable")]
    [InlineData("file://localhost/nonexistent/repo.git", null, "repository_not_reachable")]
    [InlineData("ext::sh -c touch% /tmp/ringfence-ran", null, "repository_not_reachable")]
    [InlineData("ssh://-oProxyCommand=touch%20x/y", null, "repository_not_reachable")]
    public async Task Says_why(string? repository, string? @ref, string code)
    {
        var prepared = await fixture.TryPrepareAsync(repository, @ref);

        var failure = Assert.Single(prepared.Failures);
        Assert.Equal(code, failure.Code);
        Assert.NotNull(failure.Hint);
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(fixture.Home, "workspaces")));
    }

    [Fact]
    public async Task Says_that_a_url_has_no_such_ref()
    {
        Assert.Equal("unknown_ref", Assert.Single((await fixture.TryPrepareAsync($"file://localhost{fixture.Repository}", "nope")).Failures).Code);
    }

    [Fact]
    public async Task Says_that_there_is_no_commit()
    {
        Shell.Run(fixture.Root, "git init -q empty");

        Assert.Equal("repository_without_commits", Assert.Single((await fixture.TryPrepareAsync(Path.Combine(fixture.Root, "empty"))).Failures).Code);
    }

    [Fact]
    public async Task Says_everything_that_is_wrong_at_once()
    {
        var store = new WorkspaceStore("/proc/ringfence", TimeProvider.System);

        var prepared = await store.PrepareAsync(RunId.New(TimeProvider.System), "/", null, null, TestContext.Current.CancellationToken);

        Assert.Equal(["not_a_repository", "unwritable_home"], prepared.Failures.Select(f => f.Code).Order());
    }

    [Fact]
    public async Task Never_repeats_a_password()
    {
        var prepared = await fixture.TryPrepareAsync("https://ada:hunter2@127.0.0.1:1/nothing.git");

        Assert.DoesNotContain("hunter2", string.Join('\n', prepared.Failures), StringComparison.Ordinal);
        Assert.Equal("0", Shell.Run(fixture.Home, "(grep -rc hunter2 . || true) | awk -F: '{n+=$2} END {print n+0}'"));
    }

    [Fact]
    public async Task Leaves_nothing_when_the_disk_is_full()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "A small file system of its own needs root.");
        Shell.Run(fixture.Repository, "for i in $(seq 40); do head -c 65536 /dev/urandom > src/$i; done; git add .; git commit -qm big");
        var small = Path.Combine(fixture.Root, "small");
        Shell.Run(fixture.Root, "mkdir small; mount -t tmpfs -o size=1m tmpfs small");

        try
        {
            var store = new WorkspaceStore(Path.Combine(small, "home"), TimeProvider.System);
            var prepared = await store.PrepareAsync(RunId.New(TimeProvider.System), fixture.Repository, null, null, TestContext.Current.CancellationToken);
            Assert.Equal("disk_full", Assert.Single(prepared.Failures).Code);

            // With space again, what was left of the attempt is no obstacle.
            Shell.Run(fixture.Root, "mount -o remount,size=100m small");
            Assert.False((await store.PrepareAsync(RunId.New(TimeProvider.System), fixture.Repository, null, null, TestContext.Current.CancellationToken)).IsFailure);
        }
        finally
        {
            // Not at once: a child that another test is just starting may still have a file of it open.
            Shell.Run(fixture.Root, "umount --lazy small");
        }
    }

    public void Dispose() => fixture.Dispose();
}
