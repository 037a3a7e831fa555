using Ringfence.Outputs;
using Ringfence.Tests.Workspaces;
using Ringfence.Workspaces;
using Xunit;

namespace Ringfence.Tests.Outputs;

/// <summary>
/// Whatever an agent wrote, applying it runs nothing of it, and touches neither the git data of the repository nor anything outside: it lands in the working
/// tree as files, or it is refused.
/// </summary>
public sealed class A_hostile_change_set : IDisposable
{
    private const string Invisible = "\u200c";

    private readonly WorkspaceFixture fixture = new("""
        mkdir ../outside && echo theirs > ../outside/file
        git init -q ../library && cd ../library && echo l > l && git add . && git commit -qm l && cd ../repo
        git init -q . && echo hello > readme.txt && mkdir src && echo 1 > src/a.cs && git submodule --quiet add ../library sub && git add . && git commit -qm first
        """);

    public static TheoryData<string, string> Attacks => new()
    {
        { "objects of another repository", "mkdir -p .git/objects/info; echo /etc > .git/objects/info/alternates; echo x > new" },
        { "another git directory", "rm -rf .git; printf 'gitdir: ../outside\\n' > .git; echo x > new" },
        { "a git directory in a folder", "mkdir -p deep/.git/hooks; printf '#!/bin/sh\\ntouch %s\\n' ran > deep/.git/hooks/post-checkout; printf 'gitdir: ../../outside\\n' > src/.git; echo x > new" },
        { "names that some file systems take for git's", $"for n in .GIT .Git .git. '.git ' git~1 GIT~1 '.git::$INDEX_ALLOCATION' '.g{Invisible}it' '.git\\'; do mkdir -p \"$n/hooks\"; echo x > \"$n/config\"; mkdir -p \"d/$n\"; echo x > \"d/$n/config\"; done; echo x > new" },
        { "a submodule", "echo evil > sub/l; mkdir -p sub/.git; printf '[core]\\n\\tfsmonitor = touch ran\\n' > sub/.git/config; printf '[submodule \"s\"]\\n\\tpath = ../outside\\n\\turl = --upload-pack=touch ran\\n\\tupdate = !touch ran\\n' > .gitmodules; echo x > new" },
        { "programs named by attributes", "printf '* filter=evil diff=evil merge=evil textconv=evil working-tree-encoding=UTF-8\\n' > .gitattributes; echo x > new; echo y >> readme.txt" },
        { "configuration", "git config core.fsmonitor 'touch ran'; git config core.hooksPath .; git config diff.external 'touch ran'; printf '[include]\\n\\tpath = ../.git/config\\n' > .gitconfig; echo x > new" },
        { "a folder that became a link", "rm -r src; ln -s ../outside src; echo x > new" },
        { "a link and what would be behind it", "ln -s ../outside link; mkdir other; echo evil > other/file; echo x > new" },
        { "a chain of links", "ln -s . a; ln -s a/a/a/../outside b; ln -s b c; echo x > new" },
        { "a link in the place of a file", "rm readme.txt; ln -s ../outside/file readme.txt; echo x > new" },
        { "a link to git's data", "ln -s .git/hooks hooks; ln -s ../.git/config src/config; echo x > new" },
        { "names of options and of patches", "echo x > ./--help; echo x > -e; printf x > \"$(printf 'a\\n--- a\\n+++ b\\n@@ -1 +1 @@')\"; echo x > 'a => b'; echo x > '\"q\"'; echo x > new" },
        { "paths as long as they can be", "d=$(printf 'x%.0s' $(seq 250)); (for i in $(seq 15); do mkdir $d; cd -P $d; done; echo deep > f); echo x > new" },
        { "what cannot be a file", "mkfifo pipe; mkdir -m 0 locked; printf x > suid; chmod 6755 suid; echo x > new" },
    };

    [Theory]
    [MemberData(nameof(Attacks))]
    public async Task Is_files_or_is_refused(string name, string script)
    {
        // The user has programs for attributes that the repository does not use.
        foreach (var kind in (string[])["filter.evil.clean", "filter.evil.smudge", "diff.evil.textconv", "diff.evil.command", "merge.evil.driver"])
        {
            fixture.Git($"config {kind} 'touch {fixture.Root}/ran; cat'");
        }

        var workspace = await fixture.PrepareAsync();
        var changes = await WorkspaceFixture.ChangeAsync(workspace, script);
        var before = Untouchable();

        var applied = await WorkingTree.ApplyAsync(workspace, changes, fixture.Repository, TestContext.Current.CancellationToken);

        Assert.True(before == Untouchable(), $"{name}\n{before}\nbecame\n{Untouchable()}");
        Assert.All(applied.Failures, failure => Assert.True(failure.Code is "link_leaves_repository" or "path_through_link", $"{name}: {failure}"));
        Assert.Equal(applied.IsFailure ? "" : "x", Shell.Run(fixture.Repository, "cat new 2>/dev/null || true"));
        Assert.Equal("", Shell.Run(fixture.Repository, "find . -path ./.git -prune -o \\( -perm /6000 -o -type p \\) -print; find . -type l -lname '*outside*'"));
    }

    [Fact]
    public async Task Reaches_only_the_worktree_that_it_is_applied_in()
    {
        var workspace = await fixture.PrepareAsync();
        var changes = await WorkspaceFixture.ChangeAsync(workspace, "echo more >> readme.txt; echo x > new");
        fixture.Git("worktree add -q ../linked");
        Shell.Run(fixture.Root, "git clone -qs repo borrowing");

        foreach (var place in (string[])["linked", "borrowing"])
        {
            var applied = await WorkingTree.ApplyAsync(workspace, changes, Path.Combine(fixture.Root, place, "src"), TestContext.Current.CancellationToken);

            Assert.True(applied.Succeeded(out var files) && files == 2, string.Join('\n', applied.Failures));
            Assert.Equal("hello\nmore\nx", Shell.Run(Path.Combine(fixture.Root, place), "cat readme.txt new"));
        }

        Assert.Equal("", fixture.Git("status --porcelain --ignore-submodules=all"));
    }

    public void Dispose() => fixture.Dispose();

    // The index too: applying is no staging.
    private string Untouchable() => Shell.Run(fixture.Root, "find repo/.git outside library -type f -print0 | sort -z | xargs -0 sha256sum; find repo/.git outside library ! -type f | sort; ls -d ran repo/ran 2>/dev/null || true");
}
