using System.Security.Cryptography;
using System.Text;
using Ringfence.Runs;
using Ringfence.Sandboxes;
using Ringfence.Workflows;

namespace Ringfence.Workspaces;

/// <summary>
/// One run's checkout: a read-only base shared between runs, this run's changes above it on disk, and a git directory that no sandbox sees.
/// Nothing in it is ever executed, and nothing that an agent wrote is read as configuration.
/// </summary>
public sealed class Workspace
{
    private readonly BaseCheckout checkout;

    internal Workspace(RunId run, WorkspaceRecord record, string folder, BaseCheckout checkout, string objects, TimeProvider time)
    {
        Run = run;
        Record = record;
        this.checkout = checkout;
        Folder = folder;
        Time = time;
        Mount = new WorkspaceMount(checkout.Tree, Path.Combine(folder, "upper")) { IsCopy = record.Copy, Layers = record.Layer is { } layer ? [layer] : [] };
        Objects = objects;
        Mounts = [new Mount(objects, BaseCheckout.AgentObjects)];
    }

    public RunId Run { get; }

    /// <summary>Path or URL as the user gave it, without a password.</summary>
    public string Repository => Record.Repository;

    /// <summary>The git directory of the user's repository on this machine; null for a URL.</summary>
    public string? LocalPath => Record.LocalPath;

    public string BaseCommit => Record.BaseCommit;

    public string BaseTree => Record.BaseTree;

    /// <summary>What a person should know before the run starts: uncommitted changes, submodules, LFS pointers.</summary>
    public IReadOnlyList<string> Notices => Record.Notices;

    /// <summary>For the agent's sandbox: base below, this run's changes above, on disk; or a copy of the base with the changes in it.</summary>
    public WorkspaceMount Mount { get; private init; }

    /// <summary>What the sandbox must show besides, so that git works inside: the objects of the base's history, read-only.</summary>
    public IReadOnlyList<Mount> Mounts { get; }

    /// <summary>The user's name and address for commits, as git has them; null when git does not know them.</summary>
    internal string? Author => Record.Author;

    /// <summary>The history that all runs of the repository share.</summary>
    internal string Objects { get; }

    /// <summary>Names the repository among those that we keep.</summary>
    internal string Key => Record.Key;

    internal WorkspaceRecord Record { get; }

    internal string Folder { get; }

    internal TimeProvider Time { get; }

    internal ChangeLimits Limits { get; init; } = new();

    /// <summary>This run's own git directory: what it collected, above the shared history. No sandbox sees it.</summary>
    internal string GitDirectory => Path.Combine(Folder, "git");

    /// <summary>
    /// What the agent changed, as a git tree in a git directory of ours. Works while no process of the run is alive, also after a crash.
    /// Build outputs and other ignored files are left out and counted in <see cref="ChangeSet.Notes"/>.
    /// </summary>
    public async Task<Result<ChangeSet>> CollectAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var held = await FolderLock.TakeAsync(Path.Combine(Folder, "lock"), Time, cancellationToken);
            File.Delete(Path.Combine(GitDirectory, TreeWriter.Ref + ".lock")); // of a collector that was killed
            return await Task.Run(() => CollectHereAsync(cancellationToken), cancellationToken);
        }
        catch (Exception error) when (GitFailures.IsFileError(error))
        {
            return GitFailures.FromFileError("Collecting the changes", error);
        }
    }

    /// <summary>
    /// An overlay for a fresh sandbox that shows exactly the tree of <paramref name="changes"/>, and no other byte of this run. One at a time:
    /// the folder of an earlier check-out is removed.
    /// </summary>
    public async Task<Result<WorkspaceMount>> CheckOutAsync(ChangeSet changes, CancellationToken cancellationToken)
    {
        try
        {
            using var held = await FolderLock.TakeAsync(Path.Combine(Folder, "lock"), Time, cancellationToken);
            var mount = Mount with { Upper = Path.Combine(EmptyFolder("check"), "upper") };

            if (await FillAsync(mount, cancellationToken) is { } unable)
            {
                return unable;
            }

            var failure = await TreeCheckout.WriteAsync(mount, GitDirectory, changes.Files, cancellationToken);
            return failure is null ? mount : failure;
        }
        catch (Exception error) when (GitFailures.IsFileError(error))
        {
            return GitFailures.FromFileError("Checking out the change set", error);
        }
    }

    /// <summary>Copies what the run changed, with the overlay's own marks, into <paramref name="folder"/>, for another run to begin with.</summary>
    internal async Task<Failure?> CopyUpperAsync(string folder, CancellationToken cancellationToken)
    {
        using var held = await FolderLock.TakeAsync(Path.Combine(Folder, "lock"), Time, cancellationToken);
        return await FolderCopy.MakeAsync(Mount.Upper!, Path.Combine(folder, "upper"), cancellationToken);
    }

    /// <summary>Makes the folder that takes the changes; a copy has everything below it in it.</summary>
    internal static async Task<Failure?> FillAsync(WorkspaceMount mount, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(mount.Upper!);

        foreach (var source in mount.IsCopy ? mount.Layers.Append(mount.Lower).Reverse() : [])
        {
            if (await FolderCopy.MakeAsync(source, mount.Upper!, cancellationToken) is { } failure)
            {
                return failure;
            }
        }

        return null;
    }

    /// <summary>This workspace with a read-only layer between the base and what the run changes.</summary>
    internal async Task<Result<Workspace>> OnAsync(string layer, CancellationToken cancellationToken)
    {
        if (!Record.Copy)
        {
            return new Workspace(Run, Record, Folder, checkout, Objects, Time) { Mount = Mount with { Layers = [layer] }, Limits = Limits };
        }

        var record = Record with { Layer = layer };

        // Once: what the run then does to it is the run's.
        if (Record.Layer != layer)
        {
            if (await FolderCopy.MakeAsync(layer, Mount.Upper!, cancellationToken) is { } failure)
            {
                return failure;
            }

            record.Write(Folder);
        }

        return new Workspace(Run, record, Folder, checkout, Objects, Time) { Limits = Limits };
    }

    /// <summary>
    /// A layer that shows the paths that <paramref name="isChosen"/> takes as the tree <paramref name="other"/> has them, also where one of the two has
    /// nothing. Returns the folder and the paths that differ.
    /// </summary>
    internal async Task<Result<(string Layer, IReadOnlyList<string> Paths)>> LayerOfAsync(string other, Func<string, bool> isChosen, CancellationToken cancellationToken)
    {
        if (Record.Copy)
        {
            return new Failure("configuration_needs_overlay", "An agent's configuration can be taken from another revision only where an overlay shows it.",
                "Put RINGFENCE_HOME on ext4, xfs, btrfs or tmpfs, or leave --config-from out.");
        }

        if (!(await TreeDiff.ReadAsync(GitDirectory, BaseTree, other, cancellationToken)).Succeeded(out var difference, out var why))
        {
            return Result.Fail<(string, IReadOnlyList<string>)>(why);
        }

        using var held = await FolderLock.TakeAsync(Path.Combine(Folder, "lock"), Time, cancellationToken);
        List<FileChange> chosen = [.. difference.Where(change => isChosen(change.Path.ToString()))];
        var layer = EmptyFolder("configuration");
        var failure = await TreeCheckout.WriteAsync(new WorkspaceMount(checkout.Tree, layer), GitDirectory, chosen, cancellationToken);
        return failure is null ? (layer, [.. chosen.Select(change => change.Path.ToString())]) : failure;
    }

    /// <summary>
    /// A layer in which the files that <paramref name="shown"/> hides are not there. Nothing of it is in the change set, also when the agent removes a folder
    /// that looks empty to it.
    /// </summary>
    internal async Task<Result<(string Layer, int Files)>> HideAsync(ContextView shown, CancellationToken cancellationToken)
    {
        using var held = await FolderLock.TakeAsync(Path.Combine(Folder, "lock"), Time, cancellationToken);
        return await HiddenFiles.WriteAsync(
            Folder, Record.Copy ? Mount : new WorkspaceMount(checkout.Tree, EmptyFolder("context")), GitDirectory, BaseTree, shown, cancellationToken);
    }

    /// <summary>A workspace on the same base in another folder, which must be empty: for what prepares a layer.</summary>
    internal async Task<Result<Workspace>> ForSetupAsync(string folder, CancellationToken cancellationToken)
    {
        var mount = Mount with { Upper = Path.Combine(folder, "upper"), Layers = [] };

        if (await FillAsync(mount, cancellationToken) is { } failure)
        {
            return failure;
        }

        BareGitDirectory.Make(Path.Combine(folder, "git"), Record.ObjectFormat, Objects, Path.Combine(Path.GetDirectoryName(Objects)!, "shallow"));
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(folder, "git", TreeWriter.Ref))!);
        return new Workspace(Run, Record with { Layer = null }, folder, checkout, Objects, Time);
    }

    /// <summary>The change set as text.</summary>
    public Task<Result<bool>> WriteDiffAsync(ChangeSet changes, Stream target, DiffFormat format, CancellationToken cancellationToken) =>
        DiffWriter.WriteAsync(GitDirectory, changes, BaseTree, target, format, cancellationToken);

    private async Task<Result<ChangeSet>> CollectHereAsync(CancellationToken cancellationToken)
    {
        using var reader = ChangeReader.Open(Mount, withBase: true);

        // No process need be started.
        if (reader.IsUntouched)
        {
            return Make(BaseTree, [], []);
        }

        var submodules = checkout.Facts.Submodules.ToHashSet(StringComparer.Ordinal);
        var started = TreeWriter.Start(GitDirectory, BaseCommit);

        if (!started.Succeeded(out var writer))
        {
            return started.Failures[0];
        }

        await using (writer)
        await using (var rules = new IgnoreRules(GitDirectory, EmptyFolder("ignore")))
        {
            var walk = new ChangeCollector(reader, submodules, rules, Limits);

            try
            {
                if (walk.WriteTo(writer, cancellationToken) is { } failure)
                {
                    return failure;
                }
            }
            catch (IOException) when (writer.HasEnded)
            {
                // git gave up first; finishing tells its reason.
            }

            var finished = await writer.FinishAsync(cancellationToken);

            if (!finished.Succeeded(out var tree))
            {
                return finished.Failures[0];
            }

            if (!(await HiddenFiles.PutBackAsync(Folder, GitDirectory, BaseTree, tree, cancellationToken)).Succeeded(out tree, out var why))
            {
                return Result.Fail<ChangeSet>(why);
            }

            var difference = await TreeDiff.ReadAsync(GitDirectory, BaseTree, tree, cancellationToken);
            return difference.Succeeded(out var files) ? Make(tree, Dated(files, walk), walk.Notes) : Result.Fail<ChangeSet>(difference.Failures);
        }
    }

    private List<FileChange> Dated(IReadOnlyList<FileChange> files, ChangeCollector walk)
    {
        var times = ChangeTimes.AreTheKernels(Mount.Upper!) ? walk.ChangedAt : new Dictionary<GitPath, long>();
        return [.. files.Select(file => file with { ChangedAt = times.GetValueOrDefault(file.Path) })];
    }

    private string EmptyFolder(string name)
    {
        using var folder = UnixFolder.Open(Folder);
        folder.Remove(Encoding.UTF8.GetBytes(name));
        folder.CreateFolder(Encoding.UTF8.GetBytes(name));
        return Path.Combine(Folder, name);
    }

    private ChangeSet Make(string tree, IReadOnlyList<FileChange> files, IReadOnlyList<PathNote> notes)
    {
        var digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes($"{BaseCommit}\n{tree}\n")));
        return new ChangeSet(BaseCommit, tree, digest, files) { Notes = notes };
    }
}
