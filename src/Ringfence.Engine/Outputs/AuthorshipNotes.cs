using System.Text;
using Ringfence.Workspaces;

namespace Ringfence.Outputs;

/// <summary>
/// Puts the note about who wrote its lines beside a published commit. It is for other tools to read; the record has the proof. So a note that cannot be
/// written fails nothing.
/// </summary>
internal static class AuthorshipNotes
{
    // A diff is read whole. Beyond this a note would name so many lines that no tool could show them.
    private const long MostLines = 200_000;
    private const int MostAttempts = 5;

    public static async Task WriteAsync(ActiveNote note, Workspace workspace, ChangeSet changes, CancellationToken cancellationToken)
    {
        if (workspace.LocalPath is not { } repository || changes.LinesAdded + changes.LinesRemoved > MostLines)
        {
            return;
        }

        var own = Git.Own(workspace.GitDirectory);
        var diffed = await own.RunAsync(
            ["-c", "core.quotePath=false", "diff", "--unified=0", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames", "--src-prefix=a/", "--dst-prefix=b/",
                changes.Base, note.Commit, "--"], cancellationToken);

        if (!diffed.Succeeded(out var diff, out _) || !diff.IsSuccess
            || AuthorshipNote.Of(diff.Text, note.Commit, note.Agent, note.Run, note.Model, note.Author) is not { } text)
        {
            return;
        }

        var git = Git.UserOn(repository)
            .With("GIT_AUTHOR_NAME", "Ringfence").With("GIT_AUTHOR_EMAIL", "ringfence@localhost")
            .With("GIT_COMMITTER_NAME", "Ringfence").With("GIT_COMMITTER_EMAIL", "ringfence@localhost");

        // Another run may write its note at the same moment: git then refuses one of them.
        for (var attempt = 1; attempt <= MostAttempts; attempt++)
        {
            var added = await git.RunAsync(
                ["-c", "core.hooksPath=/dev/null", "notes", $"--ref={AuthorshipNote.Ref}", "add", "-f", "-F", "-", note.Commit], cancellationToken, Encoding.UTF8.GetBytes(text));

            if (!added.Succeeded(out var answer, out _) || answer.IsSuccess)
            {
                return;
            }
        }
    }

    internal sealed record ActiveNote(string Commit, string Agent, string Run, string Model, string Author);
}
