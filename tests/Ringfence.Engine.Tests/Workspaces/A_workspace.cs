using Ringfence.Runs;
using Ringfence.Workspaces;
using Xunit;

namespace Ringfence.Tests.Workspaces;

public sealed class A_workspace : IDisposable
{
    private readonly WorkspaceFixture fixture = new();

    [Fact]
    public async Task Shows_the_agent_a_git_that_works_and_a_clean_status()
    {
        var workspace = await fixture.PrepareAsync();

        Assert.Equal("first\nwork", Shell.RunInside(workspace, "git status --porcelain; git log --format=%s; git branch --show-current; echo x > y; git add y; git commit -qm mine; git diff --quiet"));
    }

    [Fact]
    public async Task Starts_from_the_commit_and_does_not_include_uncommitted_changes()
    {
        Shell.Run(fixture.Repository, "echo dirty >> readme.txt; echo new > new");

        var workspace = await fixture.PrepareAsync();

        Assert.Equal("hello", Shell.RunInside(workspace, "cat readme.txt; test ! -e new"));
        Assert.Equal("2 uncommitted changes are not included: a run starts from a commit. They stay as they are.", Assert.Single(workspace.Notices));
    }

    [Theory]
    [InlineData("HEAD~1", "first")]
    [InlineData("topic", "topic")]
    [InlineData("v1", "first")]
    public async Task Starts_from_the_ref_that_was_asked_for(string @ref, string subject)
    {
        Shell.Run(fixture.Repository, "git tag -am v1 v1; git checkout -qb topic; git commit -q --allow-empty -m topic; git checkout -q main; git commit -q --allow-empty -m second");

        var workspace = await fixture.PrepareAsync(@ref: @ref);

        Assert.Equal(subject, Shell.RunInside(workspace, "git log -1 --format=%s"));
    }

    [Fact]
    public async Task Has_stored_bytes_whatever_attributes_and_filters_say()
    {
        Shell.Run(fixture.Repository, """
            printf '*.txt text eol=crlf\n*.bin filter=lfs diff=lfs -text\n*.u16 working-tree-encoding=UTF-16\n*.c ident\n*.run filter=evil\n' > .gitattributes
            git config filter.evil.smudge 'touch "$PWD/ran"; cat'; git config filter.evil.clean cat
            printf 'a\r\nb\r\n' > crlf.dat; printf 'version https://git-lfs.github.com/spec/v1\noid sha256:%064d\nsize 12345\n' 7 > big.bin; printf '$Id$\n' > i.c; echo x > x.run
            git add .; git commit -qm attributes; rm -f ran
            """);

        var workspace = await fixture.PrepareAsync();

        Assert.Equal("hello\n610d0a620d0a\n$Id$\nversion https://git-lfs.github.com/spec/v1", Shell.RunInside(workspace, "cat readme.txt; xxd -p crlf.dat; cat i.c; head -1 big.bin"));
        Assert.False(File.Exists(Path.Combine(fixture.Repository, "ran")));
        Assert.Contains("1 file(s) are Git LFS pointers, not their content.", workspace.Notices);
        Assert.True((await WorkspaceFixture.ChangeAsync(workspace, "touch *")).IsEmpty);
    }

    [Fact]
    public async Task Leaves_submodules_empty_says_so_and_keeps_them_as_they_are()
    {
        Shell.Run(fixture.Root, "git init -q sub && cd sub && echo s > s && git add . && git commit -qm s");
        Shell.Run(fixture.Repository, "git submodule -q add ../sub vendor/sub; git commit -qm submodule");

        var workspace = await fixture.PrepareAsync();
        var changes = await WorkspaceFixture.ChangeAsync(workspace, "test -d vendor/sub; test -z \"$(ls vendor/sub)\"; echo x > vendor/sub/inside; echo y > vendor/y");

        Assert.Equal(["A vendor/y"], WorkspaceFixture.Short(changes));
        Assert.Equal(new PathNote(new("vendor/sub"), PathNoteReason.SubmoduleContent), Assert.Single(changes.Notes));
        Assert.Contains("1 submodule(s) are left empty: vendor/sub.", workspace.Notices);
    }

    [Fact]
    public async Task Works_from_a_shallow_clone_a_worktree_a_bare_repository_a_subfolder_and_a_detached_head()
    {
        Shell.Run(fixture.Repository, "echo 2 > two; git add .; git commit -qm second; git worktree add -q ../tree -b side; git clone -q --bare . ../bare.git");
        Shell.Run(fixture.Root, "git clone -q --depth 1 \"file://$PWD/repo\" shallow; git clone -q repo detached; git -C detached checkout -q --detach HEAD~1");

        foreach (var (place, log) in new[] { ("shallow", "second"), ("tree", "second\nfirst"), ("bare.git", "second\nfirst"), ("repo/src", "second\nfirst"), ("detached", "first") })
        {
            var workspace = await fixture.PrepareAsync(Path.Combine(fixture.Root, place));
            Assert.Equal(log, Shell.RunInside(workspace, "git log --format=%s"));
            var changes = await WorkspaceFixture.ChangeAsync(workspace, "echo new > new");
            Assert.Equal(["A new"], WorkspaceFixture.Short(changes));

            var published = await Ringfence.Outputs.BranchOutput.PublishAsync(workspace, changes, new("x", null, []), TestContext.Current.CancellationToken);

            Assert.Equal(changes.Tree, Shell.Run(Path.Combine(fixture.Root, place), $"git rev-parse {published.Value.Place}^{{tree}}"));
        }
    }

    [Fact]
    public async Task Keeps_names_of_any_bytes()
    {
        Shell.Run(fixture.Repository, "printf 1 > $'\\xff\\xfe'; mkdir $'d\\n\\xe9'; printf 2 > $'d\\n\\xe9/\"q\" s'; printf 3 > $'\\x1b[31mred'; printf 4 > ':(top)x'; printf 5 > -rf; git add -A; git commit -qm names");

        var workspace = await fixture.PrepareAsync();
        var changes = await WorkspaceFixture.ChangeAsync(workspace, "for f in $'\\xff\\xfe' $'d\\n\\xe9/\"q\" s' $'\\x1b[31mred' ':(top)x' ./-rf; do printf more >> \"$f\"; done; printf n > $'new\\xff'");

        Assert.Equal(
            ["A \"new\\xff\"", "M \"\\x1b[31mred\"", "M \"\\xff\\xfe\"", "M \"d\\n\\xe9/\\\"q\\\" s\"", "M -rf", "M :(top)x"],
            WorkspaceFixture.Short(changes).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Is_made_by_two_runs_at_once_without_waiting_for_luck()
    {
        Shell.Run(fixture.Repository, "for i in $(seq 300); do echo $i > src/$i; done; git add .; git commit -qm many");

        var workspaces = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => fixture.PrepareAsync())));

        Assert.Single(workspaces.Select(w => w.Mount.Lower).Distinct());
        Assert.Equal(4, workspaces.Select(w => w.Mount.Upper).Distinct().Count());
        await WorkspaceFixture.ChangeAsync(workspaces[0], "rm -r src");
        Assert.Equal("300", Shell.RunInside(workspaces[1], "ls src | grep -c '^[0-9]*$'"));
    }

    [Fact]
    public async Task Is_made_although_the_last_attempt_was_killed_half_way()
    {
        Shell.Run(fixture.Repository, "printf x > $'odd\\xff'; git add .; git commit -qm odd");
        var first = await fixture.PrepareAsync();
        var bases = Path.GetDirectoryName(Path.GetDirectoryName(first.Mount.Lower))!;
        var git = Path.Combine(Path.GetDirectoryName(bases)!, "git");
        Shell.Run(bases, "cp -a \"$0\" \"$0.new\"; rm -rf \"$0\"; rm -r \"$1/refs/ringfence/bases/\"*; touch \"$1/refs/ringfence/bases/$0.lock\" \"$1/shallow.lock\"", first.BaseCommit, git);

        var second = await fixture.PrepareAsync();

        Assert.Equal("x", Shell.RunInside(second, "cat odd*"));
    }

    [Fact]
    public async Task Keeps_the_bases_that_are_needed_and_trims_those_that_are_not()
    {
        var time = new SteppedTime();
        var store = new WorkspaceStore(fixture.Home, time);
        var kept = (await store.PrepareAsync(RunId.New(time), fixture.Repository, null, null, TestContext.Current.CancellationToken)).Value;
        fixture.Git("commit -q --allow-empty -m second");
        var removed = (await store.PrepareAsync(RunId.New(time), fixture.Repository, null, null, TestContext.Current.CancellationToken)).Value;
        await store.RemoveAsync(removed.Run, TestContext.Current.CancellationToken);
        time.Now += TimeSpan.FromDays(8);
        fixture.Git("commit -q --allow-empty -m third");

        await store.PrepareAsync(RunId.New(time), fixture.Repository, null, null, TestContext.Current.CancellationToken);

        Assert.True(Directory.Exists(kept.Mount.Lower));
        Assert.False(Directory.Exists(removed.Mount.Lower));
    }

    private sealed class SteppedTime : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = DateTimeOffset.UtcNow;

        public override DateTimeOffset GetUtcNow() => Now;
    }

    [Fact]
    public async Task Can_be_collected_by_two_at_once()
    {
        var workspace = await fixture.PrepareAsync();
        Shell.RunInside(workspace, "for i in $(seq 200); do echo $i > f$i; done");
        var again = (await fixture.Store.OpenAsync(workspace.Run, TestContext.Current.CancellationToken)).Value;

        var sets = await Task.WhenAll(WorkspaceFixture.CollectAsync(workspace), WorkspaceFixture.CollectAsync(again), WorkspaceFixture.CollectAsync(workspace));

        Assert.Single(sets.Select(s => s.Tree).Distinct());
    }

    [Fact]
    public async Task Is_made_from_a_url_and_fetched_again_when_the_branch_moves()
    {
        var url = $"file://localhost{fixture.Repository}";
        var first = await fixture.PrepareAsync(url);
        fixture.Git("commit -q --allow-empty -m second");

        var second = await fixture.PrepareAsync(url, "main");

        Assert.Equal(fixture.Git("rev-parse HEAD"), second.BaseCommit);
        Assert.NotEqual(first.BaseCommit, second.BaseCommit);
    }

    [Fact]
    public async Task Is_removed_with_whatever_the_agent_left_in_it()
    {
        var workspace = await fixture.PrepareAsync();
        Shell.RunInside(workspace, """
            mkdir -p a/b; printf x > $'a/b/\xff'; mkfifo pipe; chmod 000 a/b; rm -r src
            python3 -c "
            import os
            for i in range(3000): os.mkdir('ddddd'); os.chdir('ddddd')
            "
            """.Replace("\n            ", "\n", StringComparison.Ordinal));

        Assert.True((await fixture.Store.RemoveAsync(workspace.Run, TestContext.Current.CancellationToken)).Value);

        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(fixture.Home, "workspaces")));
        Assert.False((await fixture.Store.RemoveAsync(workspace.Run, TestContext.Current.CancellationToken)).Value);
        Assert.Equal("workspace_not_found", (await fixture.Store.OpenAsync(workspace.Run, TestContext.Current.CancellationToken)).Failures[0].Code);
    }

    public void Dispose() => fixture.Dispose();
}
