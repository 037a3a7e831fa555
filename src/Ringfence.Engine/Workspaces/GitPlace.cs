namespace Ringfence.Workspaces;

/// <summary>Where a user's working tree begins, and where git looks for its hooks.</summary>
internal sealed record GitPlace(string TopLevel, string Hooks)
{
    /// <summary>Fails with <c>not_a_repository</c>, also for a bare one.</summary>
    public static async Task<Result<GitPlace>> OfAsync(string folder, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(folder))
        {
            return new Failure("not_a_repository", $"{Printable.Escape(folder)} is not a folder.", "Give the folder of a git repository.");
        }

        var git = Git.UserIn(Path.GetFullPath(folder));
        var asked = await git.RunAsync(["rev-parse", "--path-format=absolute", "--show-toplevel", "--git-common-dir"], cancellationToken);
        var paths = await git.RunAsync(["config", "--type=path", "--get-all", "core.hooksPath"], cancellationToken);

        if (asked.IsFailure || paths.IsFailure)
        {
            return Result.Fail<GitPlace>([.. asked.Failures, .. paths.Failures]);
        }

        if (!asked.Value.IsSuccess || asked.Value.Text.Split('\n') is not [var top, var common])
        {
            return GitFailures.From("not_a_repository", $"{Printable.Escape(folder)} cannot be used", asked.Value.Error, "Workflows are kept in a git repository: git init");
        }

        // The last value is ours, which keeps git from running hooks; the one before is the user's.
        var own = paths.Value.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).SkipLast(1).LastOrDefault();
        return new GitPlace(top, own is null ? Path.Combine(common, "hooks") : Path.Combine(top, own));
    }
}
