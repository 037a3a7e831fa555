using System.Globalization;
using System.Text;
using Ringfence.Workspaces;

namespace Ringfence.Outputs;

/// <summary>Makes the commit that is published: the user as author, Ringfence as committer, exactly the tree of the change set, one parent.</summary>
internal static class ChangeCommit
{
    public const string Ref = "refs/ringfence/commit";

    public static async Task<Result<string>> MakeAsync(
        Workspace workspace, ChangeSet changes, CommitMessage message, CancellationToken cancellationToken)
    {
        if (changes.IsEmpty)
        {
            return new Failure("nothing_to_publish", "The run changed nothing.");
        }

        var seconds = workspace.Time.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var (name, address) = Author(workspace.Author);
        var git = Git.Own(workspace.GitDirectory)
            .With("GIT_AUTHOR_NAME", name).With("GIT_AUTHOR_EMAIL", address)
            .With("GIT_AUTHOR_DATE", $"{seconds} +0000").With("GIT_COMMITTER_DATE", $"{seconds} +0000");

        var made = await git.RunAsync(["commit-tree", changes.Tree, "-p", changes.Base], cancellationToken, Encoding.UTF8.GetBytes(message.ToString()));

        if (!made.Succeeded(out var answer) || !answer.IsSuccess)
        {
            return made.IsFailure ? made.Failures[0] : GitFailures.From("commit_failed", "Making the commit", answer!.Error);
        }

        // A ref of a git directory of ours is a file; nobody else writes there.
        var file = Path.Combine(workspace.GitDirectory, Ref);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        await File.WriteAllTextAsync(file, answer.Text + "\n", cancellationToken);
        return answer.Text;
    }

    private static (string Name, string Address) Author(string? ident) =>
        ident?.LastIndexOf('<') is { } open and > 0 ? (ident[..open].Trim(), ident[(open + 1)..].TrimEnd('>')) : ("Ringfence", "ringfence@localhost");
}
