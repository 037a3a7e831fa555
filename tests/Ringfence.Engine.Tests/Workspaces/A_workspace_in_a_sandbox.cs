using Ringfence.Sandboxes;
using Ringfence.Tests.Sandboxes;
using Xunit;

namespace Ringfence.Tests.Workspaces;

/// <summary>Workspace and sandbox together: what the agent sees, what is collected, and what the checks see.</summary>
public sealed class A_workspace_in_a_sandbox : IDisposable
{
    private readonly WorkspaceFixture fixture = new(onDisk: true);

    [Fact]
    public async Task Gives_the_agent_git_collects_its_changes_and_shows_the_checks_exactly_those()
    {
        var workspace = await fixture.PrepareAsync();
        var agent = await RunAsync(workspace.Mount, workspace.Mounts,
            "git status --porcelain; git log --format=%s; echo new > new.txt; rm -r src; mkdir -p node_modules; echo x > node_modules/x; git add -A; git commit -qm mine; git log --format=%s -1; ln -s /etc/passwd link");

        Assert.Equal("first\nmine\n", agent);
        var changes = await WorkspaceFixture.CollectAsync(workspace);
        Assert.Equal(["A link", "A new.txt", "D src/a.cs"], WorkspaceFixture.Short(changes));

        var checkout = (await workspace.CheckOutAsync(changes, TestContext.Current.CancellationToken)).Value;
        var check = await RunAsync(checkout, workspace.Mounts, "ls -A; git log --format=%s; git status --porcelain; echo left > left");

        Assert.Equal(".git\nlink\nnew.txt\nreadme.txt\nfirst\n D src/a.cs\n?? link\n?? new.txt\n", check);
        Assert.Equal(changes.Tree, (await WorkspaceFixture.CollectAsync(workspace)).Tree);
    }

    [Fact]
    public async Task Goes_on_where_it_stopped_when_the_agent_is_started_again()
    {
        var workspace = await fixture.PrepareAsync();
        await RunAsync(workspace.Mount, workspace.Mounts, "echo one > one; rm readme.txt");

        Assert.Equal("one\nsrc\n", await RunAsync(workspace.Mount, workspace.Mounts, "ls; echo two > two"));

        Assert.Equal(["A one", "D readme.txt", "A two"], WorkspaceFixture.Short(await WorkspaceFixture.CollectAsync(workspace)));
    }

    public void Dispose() => fixture.Dispose();

    private static async Task<string> RunAsync(WorkspaceMount mount, IReadOnlyList<Mount> mounts, string script)
    {
        var trial = await Trial.RunAsync(Trial.Shell(script) with { Workspace = mount, Mounts = mounts });
        Assert.True(trial.Exit is SandboxExit.Exited { Code: 0 }, $"{trial.Exit}: {trial.Error}{trial.Output}");
        return trial.Output;
    }
}
