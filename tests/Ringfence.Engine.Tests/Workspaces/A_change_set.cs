using Ringfence.Workspaces;
using Xunit;

namespace Ringfence.Tests.Workspaces;

public sealed class A_change_set : IDisposable
{
    private readonly WorkspaceFixture fixture = new();

    [Fact]
    public async Task Is_empty_when_nothing_was_changed()
    {
        var workspace = await fixture.PrepareAsync();

        var changes = await WorkspaceFixture.ChangeAsync(workspace, "git status --porcelain; touch -d tomorrow readme.txt; git commit -q --allow-empty -m x || true");

        Assert.True(changes.IsEmpty);
        Assert.Equal(workspace.BaseTree, changes.Tree);
    }

    [Fact]
    public async Task Holds_what_was_added_changed_deleted_and_made_executable()
    {
        var workspace = await fixture.PrepareAsync();

        var changes = await WorkspaceFixture.ChangeAsync(workspace, "echo more >> readme.txt; rm -r src; mkdir new; printf 'a\\nb' > new/file; chmod +x readme.txt");

        Assert.Equal(["A new/file", "M readme.txt", "D src/a.cs"], WorkspaceFixture.Short(changes));
        Assert.Equal((2, 0), (changes.Files[0].LinesAdded, changes.Files[0].LinesRemoved));
        Assert.Equal(Convert.ToInt32("100755", 8), changes.Files[1].Mode);
    }

    [Fact]
    public async Task Is_the_same_tree_that_git_would_write()
    {
        var workspace = await fixture.PrepareAsync();
        const string script = """
            mv src lib; printf 'x\r\ny\r\n' > crlf.txt; printf 'n\nl' > $'new\nline "quoted" \\ name'; printf z > $'\xff\xfe'; ln -s ../../etc/passwd link
            rm readme.txt; mkdir readme.txt; echo in > readme.txt/in; chmod +x lib/a.cs; printf '' > empty; echo x > ' -leading and trailing '
            """;

        var changes = await WorkspaceFixture.ChangeAsync(workspace, script);

        Shell.Run(fixture.Repository, script + "\ngit add -A");
        Assert.Equal(fixture.Git("write-tree"), changes.Tree);
    }

    [Fact]
    public async Task Is_found_again_by_another_process_after_a_crash()
    {
        var workspace = await fixture.PrepareAsync();
        Shell.RunInside(workspace, "echo salvaged > found.txt");

        var again = await new WorkspaceStore(fixture.Home, TimeProvider.System).OpenAsync(workspace.Run, TestContext.Current.CancellationToken);

        Assert.Equal(["A found.txt"], WorkspaceFixture.Short(await WorkspaceFixture.CollectAsync(again.Value)));
    }

    [Fact]
    public async Task Leaves_out_ignored_files_and_counts_them()
    {
        Shell.Run(fixture.Repository, "printf '*.log\\n/out/\\n' > .gitignore; mkdir kept; echo 1 > kept/tracked.log; git add -f .; git commit -qm ignore");
        var workspace = await fixture.PrepareAsync();

        var changes = await WorkspaceFixture.ChangeAsync(workspace, """
            echo 2 > kept/tracked.log; echo x > kept/new.log; mkdir -p out/deep; echo 1 > out/1; echo 2 > out/deep/2
            mkdir -p node_modules/a; echo 1 > node_modules/a/b; mkdir -p src/obj src/bin/Debug; echo x > src/obj/x; echo x > src/bin/Debug/y; echo z > src/bin/script
            """);

        Assert.Equal(["M kept/tracked.log", "A src/bin/script"], WorkspaceFixture.Short(changes));
        Assert.Equal(
            ["kept/new.log 1", "node_modules 1", "out 2", "src/bin/Debug 1", "src/obj 1"],
            changes.Notes.Where(n => n.Reason == PathNoteReason.Ignored).Select(n => $"{n.Path} {n.Files}").Order());
    }

    [Fact]
    public async Task Follows_ignore_rules_that_the_agent_wrote_for_new_files_but_never_for_tracked_ones()
    {
        var workspace = await fixture.PrepareAsync();

        var changes = await WorkspaceFixture.ChangeAsync(workspace, """
            printf 'dist/\nreadme.txt\n' > .gitignore; mkdir dist; echo x > dist/x; echo changed > readme.txt
            mkdir lib; echo 'gen*' > lib/.gitignore; echo x > lib/gen1; echo y > lib/y; mkdir lib/sub; echo x > lib/sub/gen2
            """);

        Assert.Equal(["A .gitignore", "A lib/.gitignore", "A lib/y", "M readme.txt"], WorkspaceFixture.Short(changes));
    }

    [Fact]
    public async Task Shows_a_folder_that_was_replaced_without_what_it_held()
    {
        Shell.Run(fixture.Repository, "for i in 1 2 3; do echo $i > src/$i; done; git add .; git commit -qm more");
        var workspace = await fixture.PrepareAsync();

        var changes = await WorkspaceFixture.ChangeAsync(workspace, "rm -r src; mkdir src; echo new > src/2");

        Assert.Equal(["D src/1", "M src/2", "D src/3", "D src/a.cs"], WorkspaceFixture.Short(changes));
    }

    [Fact]
    public async Task Has_the_same_digest_whenever_it_is_collected()
    {
        var workspace = await fixture.PrepareAsync();

        var first = await WorkspaceFixture.ChangeAsync(workspace, "echo a > a");
        var second = await WorkspaceFixture.CollectAsync(workspace);
        var third = await WorkspaceFixture.ChangeAsync(workspace, "echo b > a");

        Assert.Equal(first.Digest, second.Digest);
        Assert.NotEqual(first.Digest, third.Digest);
    }

    public void Dispose() => fixture.Dispose();
}
