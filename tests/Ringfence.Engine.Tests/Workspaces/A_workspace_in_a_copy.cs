using Ringfence.Runs;
using Ringfence.Sandboxes;
using Ringfence.Tests.Sandboxes;
using Ringfence.Workflows;
using Ringfence.Workspaces;
using Xunit;

namespace Ringfence.Tests.Workspaces;

/// <summary>
/// Where the home is on a file system that can hold no overlay's changes, as a container's own is, a run works in a copy of its base: everything else is
/// as it would be. The home here is on a real overlay.
/// </summary>
public sealed class A_workspace_in_a_copy : IDisposable
{
    // What git, an overlay and a comparison could tell differently: kinds that change, folders that come and go, rights, times that are set back.
    private const string EveryKindOfChange = """
        touch -r same before; printf 'B\n' > same; touch -r before same; rm before
        rm -r gone; rm -r again; mkdir again; echo new > again/new
        rm folder/inner; rmdir folder; echo now a file > folder
        rm file; mkdir -p file/deep; echo x > file/deep/x
        ln -sfn /etc/passwd link; chmod +x plain; mv old renamed
        rm .gitignore; printf '*.log\n' > .gitignore; echo l > a.log; echo t >> tracked.log
        mkdir -p node_modules/p && echo p > node_modules/p/p; mkfifo pipe
        mkdir empty
        git add -A; git commit -qm mine
        mkdir nested && git init -q nested && echo n > nested/n
        printf x > "$(printf 'a\nb\377')"; chmod 000 plain2; echo unreadable > hidden; chmod 000 hidden
        """;

    private readonly WorkspaceFixture fixture = new("""
        git init -q .; for f in same file plain plain2 old; do printf 'A\n' > $f; done; echo v > tracked.log; printf 'o\n' > .gitignore
        mkdir -p gone/deep again folder; echo 1 > gone/deep/1; echo 2 > again/2; echo 3 > folder/inner; ln -s plain link; echo z > untouched; git add -f .; git commit -qm first
        """, onDisk: true);

    private readonly CancellationToken cancel = TestContext.Current.CancellationToken;
    private readonly string merged;

    public A_workspace_in_a_copy()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Mounting a file system that cannot hold an overlay's changes needs root.");
        merged = Path.Combine(fixture.Root, "merged");
        Shell.Run(fixture.Root, "mkdir l u w merged; mount -t overlay overlay -o lowerdir=l,upperdir=u,workdir=w merged");
    }

    [Fact]
    public async Task Is_said_before_the_run_and_yields_what_an_overlay_yields()
    {
        var (copy, overlay) = (await PrepareAsync(Copying), await PrepareAsync(new WorkspaceStore(fixture.Home, TimeProvider.System, Trials(fixture.Home))));

        Assert.True(copy.Mount.IsCopy);
        Assert.Contains("(overlay)", Assert.Single(copy.Notices), StringComparison.Ordinal);
        Assert.False(overlay.Mount.IsCopy);
        Assert.Empty(overlay.Notices);

        var trial = await RunAsync(copy.Mount, copy, EveryKindOfChange);
        await RunAsync(overlay.Mount, overlay, EveryKindOfChange);
        Assert.Single(trial.Isolation, line => line.StartsWith("workspace: weaker; a copy of the base", StringComparison.Ordinal));

        var (inCopy, inOverlay) = (await WorkspaceFixture.CollectAsync(copy), await WorkspaceFixture.CollectAsync(overlay));
        Assert.Equal(WorkspaceFixture.Short(inOverlay), WorkspaceFixture.Short(inCopy));
        Assert.Equal(inOverlay.Tree, inCopy.Tree);
        Assert.Equal(Notes(inOverlay), Notes(inCopy));
        Assert.Contains("M same", WorkspaceFixture.Short(inCopy));
        Assert.DoesNotContain(inCopy.Files, file => file.Path.ToString() == "untouched");

        // And the checks see that tree, in a copy of their own.
        const string look = "find . -path ./.git -prune -o -printf '%P %y %m %l\\n' | sort; git status --porcelain | sort";
        var (shown, expected) = (await CheckAsync(copy, inCopy), await CheckAsync(overlay, inOverlay));
        Assert.Equal(expected, shown);
        Assert.Equal(inCopy.Tree, (await WorkspaceFixture.CollectAsync(copy)).Tree);

        async Task<string> CheckAsync(Workspace workspace, ChangeSet changes) =>
            (await RunAsync((await workspace.CheckOutAsync(changes, cancel)).Value, workspace, look)).Output;
    }

    [Fact]
    public async Task Never_changes_the_base_and_is_found_again_after_a_crash()
    {
        var workspace = await PrepareAsync(Copying);
        var before = Shell.Run(workspace.Mount.Lower, "find . -type f -exec sha256sum {} + | sort | sha256sum");
        await RunAsync(workspace.Mount, workspace, "echo one > one; rm -r gone; echo spoilt | tee plain .git/config > untouched");

        var found = (await new WorkspaceStore(Path.Combine(merged, "home"), TimeProvider.System).OpenAsync(workspace.Run, cancel)).Value;

        Assert.Equal(["D gone/deep/1", "A one", "M plain", "M untouched"], WorkspaceFixture.Short(await WorkspaceFixture.CollectAsync(found)));
        Assert.Equal("one\n", (await RunAsync(found.Mount, found, "cat one; test ! -e gone")).Output);
        Assert.Equal(before, Shell.Run(workspace.Mount.Lower, "find . -type f -exec sha256sum {} + | sort | sha256sum"));

        // Another run begins where this one ended, and this one keeps its own.
        var next = (await Copying.ContinueAsync(RunId.New(TimeProvider.System), workspace.Run, cancel)).Value;
        await RunAsync(next.Mount, next, "echo two > two; rm one");
        Assert.Equal(["D gone/deep/1", "M plain", "A two", "M untouched"], WorkspaceFixture.Short(await WorkspaceFixture.CollectAsync(next)));
        Assert.True(File.Exists(Path.Combine(found.Mount.Upper!, "one")));

        Assert.True((await Copying.RemoveAsync(workspace.Run, cancel)).Value);
        Assert.False(Directory.Exists(found.Folder));
    }

    [Fact]
    public async Task Has_a_layer_in_it_that_is_no_change_unless_it_is_changed()
    {
        var workspace = await PrepareAsync(Copying);
        var layer = Path.Combine(fixture.Root, "layer");
        Shell.Run(fixture.Root, "mkdir -p layer/node_modules/p layer/.git/ringfence-home; echo p > layer/node_modules/p/p; echo q > layer/node_modules/q; echo h > layer/.git/ringfence-home/h");

        var on = (await workspace.OnAsync(layer, cancel)).Value;
        await RunAsync(on.Mount, on, "cat node_modules/p/p .git/ringfence-home/h; echo more >> node_modules/p/p; echo one > one");

        var changes = await WorkspaceFixture.CollectAsync(on);
        Assert.Equal(["A one"], WorkspaceFixture.Short(changes));
        Assert.Empty(changes.Notes);
        Assert.Equal(["File node_modules/p/p", "File one"], WriteThrough.Changes(on.Mount).Select(change => change.ToString()).Order(StringComparer.Ordinal));

        // Started again, it goes on with what it made of the layer; the checks see the layer as it was.
        var again = (await (await Copying.OpenAsync(workspace.Run, cancel)).Value.OnAsync(layer, cancel)).Value;
        Assert.Equal("p\nmore\n", (await RunAsync(again.Mount, again, "cat node_modules/p/p")).Output);
        Assert.Equal("p\none\n", (await RunAsync((await again.CheckOutAsync(changes, cancel)).Value, again, "cat node_modules/p/p one")).Output);
    }

    [Fact]
    public async Task Is_without_the_files_that_the_agent_is_not_shown_and_loses_none_of_them()
    {
        var workspace = await PrepareAsync(Copying);
        var view = new ContextView([], ["gone/**", "again/**"]);

        Assert.Equal(2, (await workspace.HideAsync(view, cancel)).Value.Files);
        Assert.Empty((await RunAsync(workspace.Mount, workspace, "git status --porcelain; test ! -e gone; test ! -e again; mkdir again; echo mine > again/2")).Output);

        // The second attempt finds what the first one wrote.
        Assert.Equal(2, (await workspace.HideAsync(view, cancel)).Value.Files);
        Assert.Equal("mine\n", (await RunAsync(workspace.Mount, workspace, "cat again/2")).Output);
        Assert.Equal(["M again/2"], WorkspaceFixture.Short(await WorkspaceFixture.CollectAsync(workspace)));
    }

    [Fact]
    public async Task Counts_what_the_run_adds_against_its_limit_and_not_what_the_base_has()
    {
        Shell.Run(fixture.Repository, "head -c 8M /dev/urandom > big; git add .; git commit -qm big");
        var workspace = await PrepareAsync(Copying);
        var limits = new SandboxLimits { DiskBytes = 4 << 20 };

        var within = await Trial.RunAsync(Trial.Shell("head -c 1M /dev/zero > more; sleep 1.2") with { Workspace = workspace.Mount, Limits = limits });
        Assert.Equal(new SandboxExit.Exited(0), within.Exit with { Usage = new SandboxUsage() });

        var beyond = await Trial.RunAsync(
            Trial.Shell("for i in 1 2 3 4 5 6; do head -c 1M /dev/urandom > more$i; done; sleep 1000") with { Workspace = workspace.Mount, Limits = limits });
        Assert.Equal("disk", Assert.IsType<SandboxExit.LimitReached>(beyond.Exit).Limit);
    }

    [Fact]
    public async Task Is_asked_for_when_an_overlay_was_and_cannot_be_had()
    {
        var (lower, upper) = (Directory.CreateDirectory(Path.Combine(fixture.Root, "lower")).FullName, Directory.CreateDirectory(Path.Combine(merged, "upper")).FullName);
        using var folder = new TrialFolder();

        var started = await Trial.Launcher(folder).StartAsync(
            Trial.Shell("true") with { Workspace = new WorkspaceMount(lower, upper) }, "trial", new FactRecorder(), cancel);

        Assert.Equal(SandboxLauncher.NoOverlay, Assert.Single(started.Failures).Code);
        Assert.Contains("volume", started.Failures[0].Hint, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Is_made_too_where_an_overlay_would_mount_and_then_break()
    {
        // The kernel mounts an overlay with its changes here, and fails at the first folder that is made where another was.
        Shell.Run(fixture.Root, "mkdir ram; mount -t ramfs ramfs ram");

        try
        {
            var store = new WorkspaceStore(Path.Combine(fixture.Root, "ram", "home"), TimeProvider.System, Trials(Path.Combine(fixture.Root, "ram", "home")));
            var workspace = await PrepareAsync(store);
            await RunAsync(workspace.Mount, workspace, "rm -r again; mkdir again; echo new > again/new");
            Assert.Equal(["D again/2", "A again/new"], WorkspaceFixture.Short(await WorkspaceFixture.CollectAsync(workspace)));
        }
        finally
        {
            Shell.Run(fixture.Root, "umount --lazy ram");
        }
    }

    public void Dispose()
    {
        if (merged is not null)
        {
            // Not at once: a child that another test is just starting may still have a file of it open.
            Shell.Run(fixture.Root, "umount --lazy merged");
        }

        fixture.Dispose();
    }

    private WorkspaceStore Copying => new(Path.Combine(merged, "home"), TimeProvider.System, Trials(Path.Combine(merged, "home")));

    private static OverlayTrial Trials(string home) => new(new SandboxLauncher(Trial.Native, Path.Combine(home, "scratch"), TimeProvider.System), TimeProvider.System);

    private static string[] Notes(ChangeSet changes) => [.. changes.Notes.Select(note => $"{note.Reason} {note.Path} {note.Files}").Order(StringComparer.Ordinal)];

    private async Task<Workspace> PrepareAsync(WorkspaceStore store)
    {
        var prepared = await store.PrepareAsync(RunId.New(TimeProvider.System), fixture.Repository, null, null, cancel);
        Assert.True(prepared.Succeeded(out var workspace), string.Join('\n', prepared.Failures));
        return workspace;
    }

    private static async Task<Trial> RunAsync(WorkspaceMount mount, Workspace workspace, string script)
    {
        var trial = await Trial.RunAsync(Trial.Shell("set -e; " + script) with { Workspace = mount, Mounts = workspace.Mounts });
        Assert.True(trial.Exit is SandboxExit.Exited { Code: 0 }, $"{trial.Exit}: {trial.Error}{trial.Output}");
        return trial;
    }
}
