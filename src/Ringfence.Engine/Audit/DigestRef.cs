using System.Text;
using Ringfence.Workspaces;

namespace Ringfence.Audit;

/// <summary>
/// Digests on a git ref: each one a commit that adds a line to the file before, so that whoever fetched the ref notices when an earlier one is gone. Pushed,
/// it stands where the operator of the store may add but not rewrite.
/// </summary>
public sealed class DigestRef(string repository, string? remote)
{
    public const string Name = "refs/ringfence/digests";

    private const string File = "digests.jsonl";

    private readonly Git git = Git.UserIn(repository)
        .With("GIT_AUTHOR_NAME", "Ringfence").With("GIT_AUTHOR_EMAIL", "ringfence@localhost")
        .With("GIT_COMMITTER_NAME", "Ringfence").With("GIT_COMMITTER_EMAIL", "ringfence@localhost");

    private string error = "";

    /// <summary>Adds a digest and returns the commit.</summary>
    /// <remarks>Failures: <c>git_missing</c>, <c>digest_ref</c>. What was not pushed is on the ref here, and goes with the next push.</remarks>
    public async Task<Result<string>> AppendAsync(SignedDigest digest, CancellationToken cancellationToken)
    {
        var head = await git.RunAsync(["rev-parse", "--verify", "--quiet", Name + "^{commit}"], cancellationToken);

        if (!head.Succeeded(out var found, out var why))
        {
            return Result.Fail<string>(why);
        }

        var parent = found.IsSuccess ? found.Text : null;
        var before = parent is null ? "" : await AskAsync(["cat-file", "blob", $"{parent}:{File}"], cancellationToken);
        var lines = string.IsNullOrEmpty(before) ? digest.ToLine() : $"{before}\n{digest.ToLine()}";

        return await AskAsync(["hash-object", "-w", "--stdin"], cancellationToken, lines + "\n") is { } blob
            && await AskAsync(["mktree"], cancellationToken, $"100644 blob {blob}\t{File}\n") is { } tree
            && await AskAsync(["commit-tree", tree, .. (string[])(parent is null ? [] : ["-p", parent]), "-m", FormattableString.Invariant($"Digest {digest.Statement.Number}")], cancellationToken) is { } commit
            && await AskAsync(["update-ref", Name, commit, parent ?? ""], cancellationToken) is not null
            && (remote is null || await AskAsync(["push", "--quiet", remote, $"{Name}:{Name}"], cancellationToken) is not null)
                ? commit
                : new Failure("digest_ref", $"The digest cannot be kept in {Printable.Escape(repository)}: {Printable.Escape(error)}");
    }

    private async Task<string?> AskAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken, string input = "")
    {
        if (!(await git.RunAsync(arguments, cancellationToken, Encoding.UTF8.GetBytes(input))).Succeeded(out var answer, out var why))
        {
            error = why[0].Message;
            return null;
        }

        error = answer.Error.Trim();
        return answer.IsSuccess ? answer.Text : null;
    }
}
