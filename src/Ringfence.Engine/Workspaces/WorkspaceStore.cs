using System.Globalization;
using System.Text.Json;
using Ringfence.Runs;

namespace Ringfence.Workspaces;

/// <summary>Makes workspaces from repositories, and finds them again after a crash.</summary>
/// <param name="home"><c>$RINGFENCE_HOME</c>. Made when missing.</param>
/// <param name="overlays">Tells whether runs can have overlays there; null takes it for granted, and a sandbox that cannot have one does not start.</param>
public sealed class WorkspaceStore(string home, TimeProvider time, OverlayTrial? overlays = null)
{
    private static readonly TimeSpan CountingTime = TimeSpan.FromSeconds(3);

    private readonly WorkspaceHome place = new(home, overlays, time);

    /// <summary>
    /// Resolves the commit, takes its history into a git directory of ours, and checks it out once for all runs that start from it.
    /// The user's repository is only read. Every failure found is returned, not only the first.
    /// </summary>
    /// <param name="repository">A path on this machine or a URL that git can fetch from.</param>
    /// <param name="ref">Branch, tag or commit. Null is what is checked out there.</param>
    public async Task<Result<Workspace>> PrepareAsync(
        RunId run, string repository, string? @ref, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        var address = RepositoryAddress.Parse(repository);

        try
        {
            return address.IsUrl
                ? await PrepareRemoteAsync(run, address, @ref ?? "HEAD", progress, cancellationToken)
                : await PrepareLocalAsync(run, address, @ref, progress, cancellationToken);
        }
        catch (Exception error) when (GitFailures.IsFileError(error))
        {
            return GitFailures.FromFileError($"Preparing the workspace in {Printable.Escape(home)}", error);
        }
    }

    /// <summary>
    /// A workspace that begins with everything another run left in its own: changes, build outputs, the agent's conversations. The other keeps its own.
    /// No process of that run may be alive.
    /// </summary>
    public async Task<Result<Workspace>> ContinueAsync(RunId run, RunId ended, CancellationToken cancellationToken)
    {
        if (!(await OpenAsync(ended, cancellationToken)).Succeeded(out var source, out var why))
        {
            return Result.Fail<Workspace>(why);
        }

        try
        {
            var copy = await source.CopyUpperAsync(Directory.CreateDirectory(FolderOf(run)).FullName, cancellationToken);
            return copy is null ? Keep(run, source.Record with { Run = run.Value }) : copy;
        }
        catch (Exception error) when (GitFailures.IsFileError(error))
        {
            return GitFailures.FromFileError($"Copying the workspace of run {ended}", error);
        }
    }

    /// <summary>Another revision of the workspace's repository, brought into the history that it shares: its commit and tree.</summary>
    /// <param name="repository">As it was given for the workspace: what is kept there has no password.</param>
    public async Task<Result<(string Commit, string Tree)>> ResolveAsync(Workspace workspace, string repository, string @ref, CancellationToken cancellationToken)
    {
        var cache = new RepositoryCache(home, workspace.Key, time);

        if (workspace.LocalPath is null)
        {
            var fetched = await cache.AddRemoteAsync(RepositoryAddress.Parse(repository).Fetch, @ref, null, cancellationToken);
            return fetched.Succeeded(out var found, out var unreachable)
                ? (found.Resolved.Commit, found.Resolved.Tree) : Result.Fail<(string, string)>(unreachable);
        }

        var asked = await UserRepository.ResolveAsync(workspace.LocalPath, @ref, cancellationToken);

        if (!asked.Succeeded(out var resolved, out var why) || !(await cache.AddLocalAsync(workspace.LocalPath, resolved, null, cancellationToken)).Succeeded(out _, out why))
        {
            return Result.Fail<(string, string)>(why);
        }

        return (resolved.Commit, resolved.Tree);
    }

    /// <summary>The workspace of an earlier run, from what is on disk.</summary>
    public Task<Result<Workspace>> OpenAsync(RunId run, CancellationToken cancellationToken)
    {
        var file = Path.Combine(FolderOf(run), "workspace.json");

        try
        {
            var record = JsonSerializer.Deserialize(File.ReadAllBytes(file), WorkspaceJson.Default.WorkspaceRecord)!;
            return Task.FromResult<Result<Workspace>>(Make(run, record));
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return Task.FromResult<Result<Workspace>>(new Failure("workspace_not_found", $"Run {run} has no workspace.", "It may have ended before one was made, or been removed."));
        }
        catch (Exception error) when (GitFailures.IsFileError(error) || error is JsonException)
        {
            return Task.FromResult<Result<Workspace>>(new Failure("workspace_unreadable", $"The workspace of run {run} cannot be read: {Printable.Escape(error.Message)}"));
        }
    }

    /// <summary>Removes what a run left on disk: its changes, its collected trees, its check-outs. Nothing of a run may be alive. True when there was something.</summary>
    public Task<Result<bool>> RemoveAsync(RunId run, CancellationToken cancellationToken) => Task.Run<Result<bool>>(() =>
    {
        var folder = FolderOf(run);

        if (!Directory.Exists(folder))
        {
            return false;
        }

        try
        {
            using var workspaces = UnixFolder.Open(Path.Combine(home, "workspaces"));
            workspaces.Remove(System.Text.Encoding.ASCII.GetBytes(run.Value));
            return true;
        }
        catch (Exception error) when (GitFailures.IsFileError(error))
        {
            return GitFailures.FromFileError($"Removing the workspace of run {run}", error);
        }
    }, cancellationToken);

    private async Task<Result<Workspace>> PrepareLocalAsync(
        RunId run, RepositoryAddress address, string? @ref, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        // Three questions to the user's repository at once, of which only the first is needed to go on, and one to the home.
        using var looking = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var exists = Directory.Exists(address.Fetch);
        var uncommitted = exists ? UserRepository.CountUncommittedAsync(address.Fetch, looking.Token) : Task.FromResult<int?>(null);
        var author = exists ? UserRepository.AuthorAsync(address.Fetch, looking.Token) : Task.FromResult<string?>(null);
        var copies = place.NeedsCopiesAsync(looking.Token);

        try
        {
            var asked = await UserRepository.ResolveAsync(address.Fetch, @ref, cancellationToken);

            if (asked.IsFailure || (await copies).IsFailure)
            {
                return Result.Fail<Workspace>([.. asked.Failures, .. (await copies).Failures]);
            }

            var resolved = asked.Value;
            var cache = new RepositoryCache(home, RepositoryAddress.KeyOf(resolved.GitDirectory!), time);
            var added = await cache.AddLocalAsync(address.Fetch, resolved, progress, cancellationToken);

            if (!added.Succeeded(out var checkout))
            {
                return Result.Fail<Workspace>(added.Failures);
            }

            var notices = Notices(checkout.Facts, resolved.TopLevel is null ? 0 : await InTimeAsync(uncommitted));
            var record = Record(run, address, resolved, RepositoryAddress.KeyOf(resolved.GitDirectory!), await author, notices, (await copies).Value);
            return await KeepAsync(run, record, progress, cancellationToken);
        }
        finally
        {
            await looking.CancelAsync();
            await Task.WhenAll(Ended(uncommitted), Ended(author), Ended(copies));
        }
    }

    private async Task<Result<Workspace>> PrepareRemoteAsync(
        RunId run, RepositoryAddress address, string @ref, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        if (!(await place.NeedsCopiesAsync(cancellationToken)).Succeeded(out var copies, out var unsuitable))
        {
            return Result.Fail<Workspace>(unsuitable);
        }

        if (@ref.StartsWith('-') || @ref.Contains(':') || @ref.Length is 0 or > 1024)
        {
            return new Failure("unknown_ref", $"{Printable.Escape(@ref)} is not the name of a branch, tag or commit.", "`git ls-remote URL` shows what it has.");
        }

        var author = UserRepository.AuthorAsync("/", cancellationToken);
        var cache = new RepositoryCache(home, address.Key, time);
        var added = await cache.AddRemoteAsync(address.Fetch, @ref, progress, cancellationToken);

        return added.Succeeded(out var found)
            ? await KeepAsync(run, Record(run, address, found.Resolved, address.Key, await author, Notices(found.Base.Facts, 0), copies), progress, cancellationToken)
            : Result.Fail<Workspace>(added.Failures);
    }

    private WorkspaceRecord Record(
        RunId run, RepositoryAddress address, ResolvedRepository resolved, string key, string? author, List<string> notices, bool copy) => new()
    {
        Run = run.Value,
        Repository = address.Display,
        Key = key,
        LocalPath = resolved.GitDirectory,
        TopLevel = resolved.TopLevel,
        ObjectFormat = resolved.ObjectFormat,
        BaseCommit = resolved.Commit,
        BaseTree = resolved.Tree,
        Author = author,
        Notices = copy ? [.. notices, CopyNotice()] : notices,
        Copy = copy,
    };

    private string CopyNotice() =>
        $"The run works in a copy of the repository: no overlay can be had on the home's file system ({new DriveInfo(home).DriveFormat}).";

    private async Task<Result<Workspace>> KeepAsync(RunId run, WorkspaceRecord record, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        if (record.Copy)
        {
            progress?.Report("Copying the base");
        }

        if (await Workspace.FillAsync(Make(run, record).Mount, cancellationToken) is { } failure)
        {
            return failure;
        }

        return Keep(run, record);
    }

    private Workspace Keep(RunId run, WorkspaceRecord record)
    {
        var folder = FolderOf(run);
        var cache = new RepositoryCache(home, record.Key, time);
        BareGitDirectory.Make(Path.Combine(folder, "git"), record.ObjectFormat, cache.Objects, Path.Combine(cache.GitDirectory, "shallow"));
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(folder, "git", TreeWriter.Ref))!);
        record.Write(folder);
        return Make(run, record);
    }

    private Workspace Make(RunId run, WorkspaceRecord record)
    {
        var cache = new RepositoryCache(home, record.Key, time);
        return new Workspace(run, record, FolderOf(run), cache.Checkout(record.BaseCommit), cache.Objects, time);
    }

    private static List<string> Notices(BaseFacts facts, int? uncommitted)
    {
        var notices = new List<string>();

        if (uncommitted is null)
        {
            notices.Add("Uncommitted changes, if there are any, are not included: a run starts from a commit. git could not count them in time.");
        }
        else if (uncommitted > 0)
        {
            notices.Add(uncommitted == 1
                ? "1 uncommitted change is not included: a run starts from a commit. It stays as it is."
                : string.Create(CultureInfo.InvariantCulture, $"{uncommitted} uncommitted changes are not included: a run starts from a commit. They stay as they are."));
        }

        if (facts.Submodules.Count > 0)
        {
            var names = facts.Submodules.Take(5).Select(s => Printable.Escape(Latin1.Bytes(s)));
            notices.Add(string.Create(CultureInfo.InvariantCulture, $"{facts.Submodules.Count} submodule(s) are left empty: {string.Join(", ", names)}{(facts.Submodules.Count > 5 ? ", …" : "")}."));
        }

        if (facts.LfsPointers > 0)
        {
            notices.Add(string.Create(CultureInfo.InvariantCulture, $"{facts.LfsPointers} file(s) are Git LFS pointers, not their content."));
        }

        return notices;
    }

    /// <summary>The count, unless it takes so long (a cold disk, a million untracked files) that the run should not wait for it.</summary>
    private async Task<int?> InTimeAsync(Task<int?> counting)
    {
        try
        {
            return await counting.WaitAsync(CountingTime, time);
        }
        catch (TimeoutException)
        {
            return null;
        }
    }

    private string FolderOf(RunId run) => RunId.IsValid(run.Value)
        ? Path.Combine(home, "workspaces", run.Value)
        : throw new ArgumentException("Not the name of a run.", nameof(run)); // it becomes part of a path

    private static async Task Ended(Task task)
    {
        try
        {
            await task;
        }
        catch (OperationCanceledException)
        {
            // Its answer was not needed.
        }
    }
}
