using Ringfence.Sandboxes;
using Ringfence.Tests.Sandboxes;
using Ringfence.Workflows;
using Ringfence.Workspaces;
using Xunit;

namespace Ringfence.Tests.Workspaces;

/// <summary>Files that an agent is not shown are not in its workspace, and are all the same in the change set, in the checks and in what is published.</summary>
public sealed class What_an_agent_is_not_shown : IDisposable
{
    private readonly WorkspaceFixture fixture = new(onDisk: true);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Is_not_there_and_git_inside_does_not_call_it_deleted()
    {
        var workspace = await fixture.PrepareAsync();
        var (mount, files) = await HideAsync(workspace, new ContextView([], ["src/**"]));

        Assert.Equal(1, files);
        Assert.Equal(".git\nreadme.txt\n", await RunAsync(mount, workspace.Mounts, "ls -A; git status --porcelain"));
        Assert.True((await WorkspaceFixture.CollectAsync(workspace)).IsEmpty);
    }

    [Fact]
    public async Task Is_everything_else_when_what_is_shown_is_named()
    {
        var workspace = await fixture.PrepareAsync();
        var (mount, _) = await HideAsync(workspace, new ContextView(["src/**"], []));

        Assert.Equal("src\n", await RunAsync(mount, workspace.Mounts, "ls"));
    }

    [Fact]
    public async Task Is_no_deletion_however_the_agent_cleans_up_around_it()
    {
        var workspace = await fixture.PrepareAsync();
        var (mount, _) = await HideAsync(workspace, new ContextView([], ["src/**"]));

        await RunAsync(mount, workspace.Mounts, "mkdir -p src && echo new > src/b.cs && rm -r src && mkdir src && echo newer > src/c.cs && echo x >> readme.txt");

        var changes = await WorkspaceFixture.CollectAsync(workspace);
        Assert.Equal(["M readme.txt", "A src/c.cs"], WorkspaceFixture.Short(changes));

        // The checks see it: they judge the tree that is published.
        var checkout = (await workspace.CheckOutAsync(changes, Cancel)).Value;
        Assert.Equal("a.cs\nc.cs\n", await RunAsync(checkout, workspace.Mounts, "ls src"));
    }

    [Fact]
    public async Task Is_kept_when_another_process_collects_after_a_crash()
    {
        var workspace = await fixture.PrepareAsync();
        var (mount, _) = await HideAsync(workspace, new ContextView([], ["src/**"]));
        await RunAsync(mount, workspace.Mounts, "rm -rf src; mkdir src; echo new > src/b.cs");

        var opened = (await fixture.Store.OpenAsync(workspace.Run, Cancel)).Value;

        Assert.Equal(["A src/b.cs"], WorkspaceFixture.Short(await WorkspaceFixture.CollectAsync(opened)));
    }

    [Fact]
    public async Task Can_be_nothing()
    {
        var workspace = await fixture.PrepareAsync();

        Assert.Equal(0, (await HideAsync(workspace, new ContextView([], ["no/such/**"]))).Files);
    }

    public void Dispose() => fixture.Dispose();

    private static async Task<(WorkspaceMount Mount, int Files)> HideAsync(Workspace workspace, ContextView view)
    {
        var (layer, files) = (await workspace.HideAsync(view, Cancel)).Value;
        return (workspace.Mount with { Layers = [layer, .. workspace.Mount.Layers] }, files);
    }

    private static async Task<string> RunAsync(WorkspaceMount mount, IReadOnlyList<Mount> mounts, string script)
    {
        var trial = await Trial.RunAsync(Trial.Shell(script) with { Workspace = mount, Mounts = mounts });
        Assert.True(trial.Exit is SandboxExit.Exited { Code: 0 }, $"{trial.Exit}: {trial.Error}{trial.Output}");
        return trial.Output;
    }
}
