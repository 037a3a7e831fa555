namespace Ringfence.Workspaces;

/// <summary>
/// What we keep of one repository: a git directory with the history of every commit that a run started from, and the checkouts of those
/// commits. Only ever added to, so runs share it without waiting for each other once it is there.
/// </summary>
internal sealed class RepositoryCache(string home, string key, TimeProvider time)
{
    private readonly string root = Path.Combine(home, "repos", key);

    public string GitDirectory => Path.Combine(root, "git");

    public string Objects => Path.Combine(GitDirectory, "objects");

    public BaseCheckout Checkout(string commit) => new(Path.Combine(root, "bases", commit));

    /// <summary>
    /// The history of a local repository's commit, and its checkout. A commit that is already here costs one look at the file system.
    /// </summary>
    public async Task<Result<BaseCheckout>> AddLocalAsync(
        string folder, ResolvedRepository resolved, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        var checkout = Checkout(resolved.Commit);

        if (checkout.IsThere)
        {
            checkout.Touch(time);
            return checkout;
        }

        using var held = await LockAsync(cancellationToken);

        if (checkout.IsThere)
        {
            return checkout; // another run made it while we waited
        }

        EnsureGitDirectory(resolved.ObjectFormat);

        if (!HasCommit(resolved.Commit))
        {
            progress?.Report("Copying the history");

            var fetched = await TransferAsync(resolved.GitDirectory ?? folder, $"+{resolved.Commit}:{BaseRef(resolved.Commit)}",
                "unreadable_repository", progress, cancellationToken);

            if (fetched is not null)
            {
                return fetched;
            }
        }

        var made = await checkout.MakeAsync(this, resolved.Commit, resolved.ObjectFormat, progress, cancellationToken);
        BaseTrim.Trim(home, key, Path.Combine(root, "bases"), time);
        return made;
    }

    /// <summary>Asks a server for <paramref name="ref"/> every time, so that access is always checked there; objects that are here are not sent again.</summary>
    public async Task<Result<ResolvedRepository>> FetchAsync(string url, string @ref, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        using var held = await LockAsync(cancellationToken);
        return await FetchHeldAsync(url, @ref, progress, cancellationToken);
    }

    /// <summary>The same, and its checkout.</summary>
    public async Task<Result<(ResolvedRepository Resolved, BaseCheckout Base)>> AddRemoteAsync(
        string url, string @ref, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        using var held = await LockAsync(cancellationToken);

        if (!(await FetchHeldAsync(url, @ref, progress, cancellationToken)).Succeeded(out var resolved, out var why))
        {
            return Result.Fail<(ResolvedRepository, BaseCheckout)>(why);
        }

        var checkout = Checkout(resolved.Commit);

        if (checkout.IsThere)
        {
            checkout.Touch(time);
            return (resolved, checkout);
        }

        BaseTrim.Trim(home, key, Path.Combine(root, "bases"), time);
        return (await checkout.MakeAsync(this, resolved.Commit, resolved.ObjectFormat, progress, cancellationToken)).Succeeded(out _, out why)
            ? (resolved, checkout) : Result.Fail<(ResolvedRepository, BaseCheckout)>(why);
    }

    private async Task<Result<ResolvedRepository>> FetchHeldAsync(string url, string @ref, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        EnsureGitDirectory("sha1");
        progress?.Report("Fetching");

        if (await TransferAsync(url, $"+{@ref}:refs/ringfence/fetched", "repository_not_reachable", progress, cancellationToken) is { } failed)
        {
            return failed.Message.Contains("find remote ref", StringComparison.Ordinal) || failed.Message.Contains("not our ref", StringComparison.Ordinal)
                || failed.Message.Contains("invalid refspec", StringComparison.OrdinalIgnoreCase)
                ? new Failure("unknown_ref", $"The repository has no branch, tag or commit called {Printable.Escape(@ref)}.", "`git ls-remote URL` shows what it has.")
                : failed;
        }

        var asked = await Git.Own(GitDirectory).RunAsync(["rev-parse", "refs/ringfence/fetched^{commit}", "refs/ringfence/fetched^{tree}"], cancellationToken);

        if (!asked.Succeeded(out var answer) || !answer.IsSuccess || answer.Text.Split('\n') is not [var commit, var tree])
        {
            return new Failure("unknown_ref", $"{Printable.Escape(@ref)} is not a commit.", "Give a branch, a tag or a commit.");
        }

        if (!HasCommit(commit)
            && !((await Git.Own(GitDirectory).RunAsync(["update-ref", BaseRef(commit), commit], cancellationToken)).Succeeded(out var kept, out var why) && kept.IsSuccess))
        {
            return GitFailures.From("storage_failed", "Keeping the fetched commit", why.Count > 0 ? "" : kept!.Error);
        }

        return new ResolvedRepository(null, null, "sha1", File.Exists(Path.Combine(GitDirectory, "shallow")), commit, tree);
    }

    private static string BaseRef(string commit) => $"refs/ringfence/bases/{commit}";

    // Refs here are never packed: automatic maintenance is off and nobody else writes.
    private bool HasCommit(string commit) => File.Exists(Path.Combine(GitDirectory, BaseRef(commit)));

    private void EnsureGitDirectory(string objectFormat)
    {
        if (!File.Exists(Path.Combine(GitDirectory, "HEAD")))
        {
            BareGitDirectory.Make(GitDirectory, objectFormat, alternate: null);
        }
    }

    private async Task<FolderLock> LockAsync(CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.Combine(root, "bases"));
        var held = await FolderLock.TakeAsync(Path.Combine(root, "lock"), time, cancellationToken);

        // Nobody else writes here while we hold the lock, so what git locked was locked by a process that was killed.
        if (Directory.Exists(GitDirectory))
        {
            foreach (var left in Directory.EnumerateFiles(Path.Combine(GitDirectory, "refs"), "*.lock", SearchOption.AllDirectories)
                .Concat(Directory.EnumerateFiles(GitDirectory, "*.lock")))
            {
                File.Delete(left);
            }
        }

        return held;
    }

    private async Task<Failure?> TransferAsync(
        string from, string refspec, string code, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        var asked = await Git.UserOn(GitDirectory).RunAsync(
            ["fetch", progress is null ? "--quiet" : "--progress", "--update-shallow", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance",
                "--no-recurse-submodules", "--upload-pack=git-upload-pack", "--", from, refspec], cancellationToken, progress: progress);

        return !asked.Succeeded(out var answer) ? asked.Failures[0]
            : answer.IsSuccess ? null
            : GitFailures.From(code, Printable.Escape(RepositoryAddress.Parse(from).Display), answer.Error,
                "`git ls-remote URL` tells whether git can reach it from here.");
    }
}
