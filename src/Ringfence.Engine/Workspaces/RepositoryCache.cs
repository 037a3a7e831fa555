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

            var fetched = await FetchAsync(resolved.GitDirectory ?? folder, $"+{resolved.Commit}:{BaseRef(resolved.Commit)}",
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
    public async Task<Result<(ResolvedRepository Resolved, BaseCheckout Base)>> AddRemoteAsync(
        string url, string @ref, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        using var held = await LockAsync(cancellationToken);
        EnsureGitDirectory("sha1");
        progress?.Report("Fetching");
        var failed = await FetchAsync(url, $"+{@ref}:refs/ringfence/fetched", "repository_not_reachable", progress, cancellationToken);

        if (failed is not null)
        {
            return failed.Message.Contains("find remote ref", StringComparison.Ordinal) || failed.Message.Contains("not our ref", StringComparison.Ordinal)
                || failed.Message.Contains("invalid refspec", StringComparison.OrdinalIgnoreCase)
                ? new Failure("unknown_ref", $"The repository has no branch, tag or commit called {Printable.Escape(@ref)}.", "`git ls-remote URL` shows what it has.")
                : failed;
        }

        var asked = await Git.Own(GitDirectory).RunAsync(
            ["rev-parse", "--verify", "refs/ringfence/fetched^{commit}"], cancellationToken);
        var tree = await Git.Own(GitDirectory).RunAsync(["rev-parse", "--verify", "refs/ringfence/fetched^{tree}"], cancellationToken);

        if (!asked.Succeeded(out var commit) || !commit.IsSuccess || !tree.Succeeded(out var treeAnswer) || !treeAnswer.IsSuccess)
        {
            return new Failure("unknown_ref", $"{Printable.Escape(@ref)} is not a commit.", "Give a branch, a tag or a commit.");
        }

        var kept = await Git.Own(GitDirectory).RunAsync(["update-ref", BaseRef(commit.Text), commit.Text], cancellationToken);

        if (!kept.Succeeded(out var answer) || !answer.IsSuccess)
        {
            return GitFailures.From("storage_failed", "Keeping the fetched commit", kept.IsFailure ? "" : answer!.Error);
        }

        var resolved = new ResolvedRepository(null, null, "sha1", File.Exists(Path.Combine(GitDirectory, "shallow")), commit.Text, treeAnswer.Text);
        var checkout = Checkout(commit.Text);

        if (checkout.IsThere)
        {
            checkout.Touch(time);
        }
        else
        {
            BaseTrim.Trim(home, key, Path.Combine(root, "bases"), time);
            var made = await checkout.MakeAsync(this, commit.Text, "sha1", progress, cancellationToken);

            if (made.IsFailure)
            {
                return Result.Fail<(ResolvedRepository, BaseCheckout)>(made.Failures);
            }
        }

        return (resolved, checkout);
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

    private async Task<Failure?> FetchAsync(
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
