using System.Text;
using Ringfence.Outputs;
using Ringfence.Workspaces;
using Xunit;

namespace Ringfence.Tests.Workspaces;

/// <summary>The W rows of the attack corpus: nothing that an agent wrote runs on the host, and no name leads anywhere.</summary>
public sealed class What_an_agent_leaves_for_the_host : IDisposable
{
    private readonly WorkspaceFixture fixture = new();

    [Theory]
    [InlineData("W01 fsmonitor", "git config core.fsmonitor \"touch $RAN; false\"; git config core.untrackedCache true")]
    [InlineData("W02 hooks", "mkdir -p .git/hooks h; for x in pre-commit post-commit post-checkout post-index-change reference-transaction pre-auto-gc update post-update pre-receive; do printf '#!/bin/sh\\ntouch %s\\n' $RAN > .git/hooks/$x; cp .git/hooks/$x h/; done; chmod +x .git/hooks/* h/*; git config core.hooksPath $PWD/h")]
    [InlineData("W04 external diff, textconv and filters", "git config diff.external \"touch $RAN\"; git config diff.x.textconv \"touch $RAN; cat\"; git config diff.x.command \"touch $RAN\"; git config filter.x.clean \"touch $RAN; cat\"; git config filter.x.smudge \"touch $RAN; cat\"; git config filter.x.process \"touch $RAN\"; git config filter.x.required true; git config merge.x.driver \"touch $RAN\"; printf '* diff=x filter=x merge=x\\n' > .gitattributes; mkdir -p .git/info; cp .gitattributes .git/info/attributes")]
    [InlineData("W06 includes", "printf '[core]\\n\\tfsmonitor = touch %s\\n\\tsshCommand = touch %s\\n[alias]\\n\\tstatus = !touch %s\\n' $RAN $RAN $RAN > evil.cfg; git config include.path ../evil.cfg; git config includeIf.gitdir:/.path $PWD/evil.cfg; printf '[include]\\n\\tpath=evil.cfg\\n' > .gitconfig")]
    [InlineData("W07 submodules", "printf '[submodule \"x\"]\\n\\tpath = ../../x\\n\\turl = -u./evil\\n\\tupdate = !touch %s\\n[submodule \"../../.git/modules/y\"]\\n\\tpath = y\\n\\turl = ext::touch %s\\n' $RAN $RAN > .gitmodules")]
    [InlineData("a repository in the repository", "mkdir -p sub; cd sub; git init -q .; git config core.fsmonitor \"touch $RAN\"; mkdir -p .git/hooks; echo x > x; cd ..; printf 'gitdir: ./evil\\n' > src/.git; git init -q --bare evil; git --git-dir=evil config core.fsmonitor \"touch $RAN\"; rm -rf .git; printf 'gitdir: evil\\n' > .git")]
    [InlineData("grafts, replacements and alternates", "mkdir -p .git/objects/info .git/refs/replace; echo $RAN > .git/objects/info/alternates; echo x > .git/info/grafts; git config core.alternateRefsCommand \"touch $RAN\" || true; git config core.gitProxy \"touch $RAN\" || true; git config core.askPass \"touch $RAN\" || true; git config credential.helper \"!touch $RAN\" || true; git config gpg.program \"touch $RAN\" || true; git config commit.gpgSign true || true; git config core.editor \"touch $RAN\" || true; git config core.pager \"touch $RAN\" || true; git config uploadpack.packObjectsHook \"touch $RAN\" || true")]
    public async Task Runs_nothing(string what, string script)
    {
        Assert.NotEmpty(what);
        var ran = Path.Combine(fixture.Root, "ran");
        var workspace = await fixture.PrepareAsync();

        var changes = await WorkspaceFixture.ChangeAsync(workspace, $"RAN={ran}; echo change >> readme.txt; {script}");
        await workspace.CheckOutAsync(changes, TestContext.Current.CancellationToken);

        foreach (var format in Enum.GetValues<DiffFormat>())
        {
            Assert.False((await workspace.WriteDiffAsync(changes, Stream.Null, format, TestContext.Current.CancellationToken)).IsFailure);
        }

        Assert.False((await BranchOutput.PublishAsync(workspace, changes, new("x", null, []), TestContext.Current.CancellationToken)).IsFailure);
        Assert.False((await PatchOutput.PublishAsync(workspace, changes, new("x", null, []), Path.Combine(fixture.Root, "p"), TestContext.Current.CancellationToken)).IsFailure);
        Assert.Equal(changes.Files.Count, (await WorkingTree.ApplyAsync(workspace, changes, fixture.Repository, TestContext.Current.CancellationToken)).Value);

        Assert.False(File.Exists(ran));
        Assert.Contains("M readme.txt", WorkspaceFixture.Short(changes));
        Assert.DoesNotContain(changes.Files, f => f.Path.ToString().Contains(".git/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task W09_reads_and_writes_through_no_symbolic_link()
    {
        var secret = Path.Combine(fixture.Root, "secret");
        Shell.Run(fixture.Root, "mkdir secret; echo key > secret/authorized_keys");
        var workspace = await fixture.PrepareAsync();

        var changes = await WorkspaceFixture.ChangeAsync(workspace, $"""
            ln -s {secret}/authorized_keys keys; ln -s {secret} dir; rm -r src; ln -s {secret} src; ln -s .. .gitignore; ln -s / root; ln -s loop loop
            """);
        var checkout = await workspace.CheckOutAsync(changes, TestContext.Current.CancellationToken);
        var applied = await WorkingTree.ApplyAsync(workspace, changes, fixture.Repository, TestContext.Current.CancellationToken);

        Assert.Equal(["A .gitignore", "A dir", "A keys", "A loop", "A root", "A src", "D src/a.cs"], WorkspaceFixture.Short(changes).OrderBy(s => s[2..], StringComparer.Ordinal));
        Assert.All(changes.Files.Where(f => f.Operation == FileOperation.Added), f => Assert.Equal(Convert.ToInt32("120000", 8), f.Mode));
        Assert.Equal(secret, new FileInfo(Path.Combine(checkout.Value.Upper!, "src")).LinkTarget);
        Assert.Equal(5, applied.Failures.Count(f => f.Code == "link_leaves_repository"));
        Assert.Equal("key", Shell.Run(secret, "cat *"));
    }

    [Fact]
    public async Task W11_keeps_hostile_names_exactly_and_shows_them_escaped()
    {
        var workspace = await fixture.PrepareAsync();

        var changes = await WorkspaceFixture.ChangeAsync(workspace, """
            printf 1 > $'line\nbreak'; printf 1 > $'\x1b[2Jclear'; printf 1 > ./--output=x; printf 1 > $'\xc3\x28'; printf 1 > "$(printf 'n%.0s' $(seq 255))"; printf 1 > $'\u202egnp.exe'
            printf 1 > '"quoted"'; printf 1 > 'back\slash'; printf 1 > ':!x'; printf 1 > '...'; printf 1 > ' '; printf '\x1b]0;title\x07 \u202e' > content
            """);
        using var text = new MemoryStream();
        await workspace.WriteDiffAsync(changes, text, DiffFormat.Color, TestContext.Current.CancellationToken);
        var shown = Encoding.UTF8.GetString(text.ToArray());

        Assert.Equal(12, changes.Files.Count);
        Assert.All(changes.Files, f => Assert.DoesNotContain(f.Path.ToString(), char.IsControl));
        Assert.DoesNotMatch("[\\p{Cc}\\p{Cf}-[\\n\\t\\x1b]]|\\x1b(?!\\[[0-9;]*m)", shown);
        Assert.Contains("\\x1b]0;title\\x07", shown, StringComparison.Ordinal);
        Assert.False((await BranchOutput.PublishAsync(workspace, changes, new("x", null, []), TestContext.Current.CancellationToken)).IsFailure);
        Assert.Equal(12, (await WorkingTree.ApplyAsync(workspace, changes, fixture.Repository, TestContext.Current.CancellationToken)).Value);
    }

    [Fact]
    public async Task W12_leaves_out_names_that_some_file_system_takes_for_git_and_says_so()
    {
        var workspace = await fixture.PrepareAsync();

        var changes = await WorkspaceFixture.ChangeAsync(workspace, """
            for d in .GIT .Git 'src/.giT' $'.g\u200cit' $'.git\u200c' '.git ' .git. '.git::$INDEX_ALLOCATION' 'GIT~1' '.git\hooks'; do mkdir -p "$d"; echo x > "$d/config"; done
            mkdir ok; echo 1 > ok/.gitx; echo 1 > ok/git; echo 1 > ok/.github; mkdir -p ok/.git/deep; echo 1 > ok/.git/deep/x
            """);

        Assert.Equal(["A ok/.github", "A ok/.gitx", "A ok/git"], WorkspaceFixture.Short(changes));
        Assert.Equal(10, changes.Notes.Count(n => n.Reason == PathNoteReason.GitAlias));
        Assert.Equal(new PathNote(new("ok/.git"), PathNoteReason.GitData), changes.Notes.Single(n => n.Reason == PathNoteReason.GitData));
    }

    [Fact]
    public async Task W13_strips_set_id_bits_and_says_so()
    {
        var workspace = await fixture.PrepareAsync();

        var changes = await WorkspaceFixture.ChangeAsync(workspace, "cp /bin/true su; chmod 6755 su; cp /bin/true plain; chmod 755 plain");
        var checkout = await workspace.CheckOutAsync(changes, TestContext.Current.CancellationToken);

        Assert.Equal(new PathNote(new("su"), PathNoteReason.SetIdRemoved), Assert.Single(changes.Notes));
        Assert.Matches("^7[05]{2}$", Shell.Run(checkout.Value.Upper!, "stat -c %a su")); // as the umask wants it
    }

    [Fact]
    public async Task W15_is_not_slowed_by_a_sparse_terabyte_many_files_or_deep_folders()
    {
        var workspace = await fixture.PrepareAsync();

        var changes = await WorkspaceFixture.ChangeAsync(workspace, """
            truncate -s 1T huge; truncate -s 1T readme.txt; mkdir -p build/x node_modules; (cd node_modules; seq 50000 | xargs touch); mkfifo pipe; echo 1 > one; ln one two
            python3 -c "
            import os
            for i in range(2000): os.mkdir('deep'); os.chdir('deep')
            open('bottom', 'w').close()
            "
            """.Replace("\n            ", "\n", StringComparison.Ordinal));

        Assert.Equal(["A one", "A two"], WorkspaceFixture.Short(changes));
        Assert.Equal(["huge", "readme.txt"], changes.Notes.Where(n => n.Reason == PathNoteReason.TooLarge).Select(n => n.Path.ToString()).Order());
        Assert.Equal(50_000, changes.Notes.Single(n => n.Reason == PathNoteReason.Ignored).Files);
        Assert.Single(changes.Notes, n => n.Reason == PathNoteReason.PathTooLong);
        Assert.Single(changes.Notes, n => n.Reason == PathNoteReason.SpecialFile);
    }

    [Fact]
    public async Task W15_fails_rather_than_cut_a_change_set_that_is_too_large()
    {
        var workspace = await fixture.PrepareAsync();
        Shell.RunInside(workspace, "mkdir d; cd d; seq 50001 | xargs touch");

        var collected = await workspace.CollectAsync(TestContext.Current.CancellationToken);

        Assert.Equal("change_set_too_large", Assert.Single(collected.Failures).Code);
    }

    [Fact]
    public async Task W16_reads_hard_links_as_files_of_their_own_and_never_writes_to_the_base()
    {
        var workspace = await fixture.PrepareAsync();
        var before = Shell.Run(workspace.Mount.Lower, "find . -type f -print0 | sort -z | xargs -0 sha256sum");

        var changes = await WorkspaceFixture.ChangeAsync(workspace, "ln readme.txt second; echo changed >> second; git add -A; git commit -qm x; git gc -q");

        Assert.Equal(["M readme.txt", "A second"], WorkspaceFixture.Short(changes));
        Assert.Equal(before, Shell.Run(workspace.Mount.Lower, "find . -type f -print0 | sort -z | xargs -0 sha256sum"));
    }

    public void Dispose() => fixture.Dispose();
}
