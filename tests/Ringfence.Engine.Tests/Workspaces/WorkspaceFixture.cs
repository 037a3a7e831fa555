using Ringfence.Runs;
using Ringfence.Workspaces;
using Xunit;

namespace Ringfence.Tests.Workspaces;

/// <summary>A user's repository and a home of Ringfence beside it.</summary>
public sealed class WorkspaceFixture : IDisposable
{
    private readonly TemporaryFolder folder;

    public WorkspaceFixture(string setup = "git init -q . && echo hello > readme.txt && mkdir src && echo 1 > src/a.cs && git add . && git commit -qm first", bool onDisk = false)
    {
        folder = new TemporaryFolder(onDisk);
        Directory.CreateDirectory(Repository);
        Shell.Run(Repository, setup);
        Store = new WorkspaceStore(Home, TimeProvider.System);
    }

    public string Root => folder.Path;

    public string Home => folder["home"];

    public string Repository => folder["repo"];

    public WorkspaceStore Store { get; }

    public string Git(string command) => Shell.Run(Repository, $"git {command}");

    public Task<Result<Workspace>> TryPrepareAsync(string? repository = null, string? @ref = null) =>
        Store.PrepareAsync(RunId.New(TimeProvider.System), repository ?? Repository, @ref, null, TestContext.Current.CancellationToken);

    public async Task<Workspace> PrepareAsync(string? repository = null, string? @ref = null)
    {
        var prepared = await TryPrepareAsync(repository, @ref);
        Assert.True(prepared.Succeeded(out var workspace), string.Join('\n', prepared.Failures));
        return workspace;
    }

    /// <summary>What a run leaves: the script ran in the workspace's overlay, then the changes were collected.</summary>
    public static async Task<ChangeSet> ChangeAsync(Workspace workspace, string script)
    {
        Shell.RunInside(workspace, script);
        return await CollectAsync(workspace);
    }

    public static async Task<ChangeSet> CollectAsync(Workspace workspace)
    {
        var collected = await workspace.CollectAsync(TestContext.Current.CancellationToken);
        Assert.True(collected.Succeeded(out var changes), string.Join('\n', collected.Failures));
        return changes;
    }

    /// <summary>Paths with a letter for what happened, as people write them: <c>A new.txt</c>.</summary>
    public static string[] Short(ChangeSet changes) => [.. changes.Files.Select(f => $"{f.Operation.ToString()[0]} {f.Path}")];

    public void Dispose() => folder.Dispose();
}
