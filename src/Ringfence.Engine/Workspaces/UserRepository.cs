using System.Text;

namespace Ringfence.Workspaces;

/// <summary>What was asked of the user's repository: which commit a run starts from, and where it is.</summary>
/// <param name="GitDirectory">Their git directory, common to all worktrees; null for a URL.</param>
/// <param name="TopLevel">Their working tree; null for a URL or a bare repository.</param>
internal sealed record ResolvedRepository(
    string? GitDirectory, string? TopLevel, string ObjectFormat, bool IsShallow, string Commit, string Tree);

/// <summary>Reads the user's repository. Never writes to it.</summary>
internal static class UserRepository
{
    public static async Task<Result<ResolvedRepository>> ResolveAsync(string folder, string? @ref, CancellationToken cancellationToken)
    {
        var revision = @ref ?? "HEAD";

        if (!Directory.Exists(folder))
        {
            return new Failure("not_a_repository", $"{Printable.Escape(folder)} is not a folder.", "Give the folder of a git repository, or a URL.");
        }

        if (revision.StartsWith('-') || revision.Contains('\0') || revision.Length is 0 or > 1024)
        {
            return UnknownRef(revision, folder);
        }

        // One process answers everything; what it could say before a refusal tells which refusal it was.
        var asked = await Git.UserIn(folder).RunAsync(
            ["rev-parse", "--path-format=absolute", "--is-inside-work-tree", "--git-common-dir", "--is-shallow-repository",
                "--show-object-format", "--show-cdup", $"{revision}^{{commit}}", $"{revision}^{{tree}}", "--"], cancellationToken);

        if (!asked.Succeeded(out var answer))
        {
            return asked.Failures[0];
        }

        var lines = Encoding.UTF8.GetString(answer.Output).Split('\n');

        if (answer.IsSuccess && Array.IndexOf(lines, "--") is var end and >= 6)
        {
            // A bare repository has no way up to print.
            var topLevel = end == 7 ? Path.TrimEndingDirectorySeparator(Path.GetFullPath(Path.Combine(folder, lines[4]))) : null;
            return new ResolvedRepository(lines[1], topLevel, lines[3], lines[2] == "true", lines[end - 2], lines[end - 1]);
        }

        if (lines[0] is not ("true" or "false"))
        {
            return GitFailures.From("not_a_repository", Printable.Escape(folder), answer.Error,
                "Give the folder of a git repository, or a URL; `git init` and a first commit make one.");
        }

        return await HasCommitsAsync(folder, cancellationToken)
            ? UnknownRef(revision, folder)
            : new Failure("repository_without_commits", $"{Printable.Escape(folder)} has no commit to start from.", "Commit something first.");
    }

    /// <summary>How many files are changed, staged or untracked in the working tree, or null when git cannot tell.</summary>
    public static async Task<int?> CountUncommittedAsync(string topLevel, CancellationToken cancellationToken)
    {
        var asked = await Git.UserIn(topLevel).RunAsync(
            ["status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=normal", "--ignore-submodules=dirty"], cancellationToken);

        return asked.Succeeded(out var answer) && answer.IsSuccess ? answer.Output.AsSpan().Count((byte)0) : null;
    }

    /// <summary>The user's name and address as git would write them into a commit; null when they have not told git.</summary>
    public static async Task<string?> AuthorAsync(string folder, CancellationToken cancellationToken)
    {
        var asked = await Git.UserIn(folder).RunAsync(["var", "GIT_AUTHOR_IDENT"], cancellationToken);

        // "Name <address> seconds zone": the time is the commit's own.
        return asked.Succeeded(out var answer) && answer.IsSuccess && answer.Text.LastIndexOf('>') is var end and > 0 ? answer.Text[..(end + 1)] : null;
    }

    private static async Task<bool> HasCommitsAsync(string folder, CancellationToken cancellationToken)
    {
        var asked = await Git.UserIn(folder).RunAsync(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"], cancellationToken);
        return asked.Succeeded(out var answer) && answer.IsSuccess;
    }

    private static Failure UnknownRef(string revision, string folder) =>
        new("unknown_ref", $"{Printable.Escape(folder)} has no branch, tag or commit called {Printable.Escape(revision)}.", "`git log --all --oneline` shows what it has.");
}
