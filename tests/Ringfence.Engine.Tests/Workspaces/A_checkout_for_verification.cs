using Ringfence.Workspaces;
using Xunit;

namespace Ringfence.Tests.Workspaces;

public sealed class A_checkout_for_verification : IDisposable
{
    private readonly WorkspaceFixture fixture = new("""
        git init -q .; mkdir -p a/b/c d e/f; for p in top a/1 a/b/2 a/b/c/3 d/4 e/f/5 e/6; do echo $p > $p; done; ln -s top link; printf '*.log\n' > .gitignore
        printf 1 > $'a/\xff'; git add -A; git commit -qm first
        """);

    [Theory]
    [InlineData("echo x > new; echo y >> a/1")]
    [InlineData("rm -r a")]
    [InlineData("rm -r a e; rm d/4")]
    [InlineData("rm -r a; echo file > a")]
    [InlineData("rm top; mkdir -p top/in; echo x > top/in/side")]
    [InlineData("rm link; mkdir link; echo x > link/y; rm d/4; ln -s ../e d/4")]
    [InlineData("rm a/b/2 a/b/c/3; echo x > a/b/new")]
    [InlineData("rm -r a/b; mkdir a/b; echo x > a/b/2; chmod +x a/1")]
    [InlineData("rm -r e/f; mv d e/f; printf 2 > $'a/\\xff'; printf z > $'a/b\\n\\xfe'")]
    [InlineData("git rm -qr .; echo only > one")]
    public async Task Shows_exactly_the_tree_of_the_change_set(string script)
    {
        var workspace = await fixture.PrepareAsync();
        var changes = await WorkspaceFixture.ChangeAsync(workspace, script);
        Assert.False(changes.IsEmpty);

        var checkout = await workspace.CheckOutAsync(changes, TestContext.Current.CancellationToken);

        const string shown = "rm -rf /tmp/o; export GIT_OBJECT_DIRECTORY=$(mktemp -d); git add -A -f; git write-tree; find . -path ./.git -prune -o -type d -empty -print";
        Assert.Equal(changes.Tree, Shell.RunInside(checkout.Value, shown, workspace.Mounts[0].Source));
    }

    [Fact]
    public async Task Shows_nothing_else_of_the_run()
    {
        var workspace = await fixture.PrepareAsync();
        var changes = await WorkspaceFixture.ChangeAsync(workspace, "echo x > a.log; mkdir -p node_modules; echo x > node_modules/x; git config alias.x '!evil'; echo hook > .git/hooks; echo x > new");

        var checkout = await workspace.CheckOutAsync(changes, TestContext.Current.CancellationToken);

        Assert.Equal("new", Shell.Run(checkout.Value.Upper!, "find . -type f -printf '%P\\n'"));
    }

    [Fact]
    public async Task Takes_the_place_of_the_one_before_whatever_the_checks_left_there()
    {
        var workspace = await fixture.PrepareAsync();
        var changes = await WorkspaceFixture.ChangeAsync(workspace, "echo x > new");
        var first = await workspace.CheckOutAsync(changes, TestContext.Current.CancellationToken);
        Shell.RunInside(first.Value, "printf x > $'left\\xff'; mkdir -p locked/in; chmod 000 locked");

        var second = await workspace.CheckOutAsync(changes, TestContext.Current.CancellationToken);

        Assert.Equal("./new", Shell.Run(second.Value.Upper!, "find . -mindepth 1"));
    }

    public void Dispose() => fixture.Dispose();
}
