using System.Text;
using Ringfence.Workspaces;

namespace Ringfence.Outputs;

/// <summary>
/// Puts the notes about who wrote its lines beside a published commit. They are for other tools to read; the record has the proof. So one that cannot be
/// written fails nothing.
/// </summary>
internal static class AuthorshipNotes
{
    // A diff is read whole. Beyond this a note would name so many lines that no tool could show them.
    private const long MostLines = 200_000;
    private const int MostAttempts = 5;

    private static readonly string Version = typeof(AuthorshipNotes).Assembly.GetName().Version!.ToString(3);

    /// <summary>The lines that a change set adds; null where no note is to be written.</summary>
    public static async Task<AddedLines?> LinesAsync(Workspace workspace, ChangeSet changes, CancellationToken cancellationToken)
    {
        if (workspace.LocalPath is null || changes.LinesAdded + changes.LinesRemoved > MostLines)
        {
            return null;
        }

        var diffed = await Git.Own(workspace.GitDirectory).RunAsync(
            ["-c", "core.quotePath=false", "diff", "--unified=0", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames", "--src-prefix=a/", "--dst-prefix=b/",
                changes.Base, changes.Tree, "--"], cancellationToken);

        return diffed.Succeeded(out var diff) && diff.IsSuccess && AddedLines.Of(diff.Text) is { Files.Count: > 0 } lines ? lines : null;
    }

    public static async Task WriteAsync(ActiveNote note, Workspace workspace, AddedLines? lines, CancellationToken cancellationToken)
    {
        if (lines is null || workspace.LocalPath is not { } repository)
        {
            return;
        }

        var git = Git.UserOn(repository)
            .With("GIT_AUTHOR_NAME", "Ringfence").With("GIT_AUTHOR_EMAIL", "ringfence@localhost")
            .With("GIT_COMMITTER_NAME", "Ringfence").With("GIT_COMMITTER_EMAIL", "ringfence@localhost");

        await Task.WhenAll(
            AddAsync(git, AuthorshipNote.Ref, note.Commit, AuthorshipNote.Of(lines, note.Commit, note.Agent, note.Run, note.Model, note.Author), cancellationToken),
            AddAsync(git, AgentTrace.Ref, note.Commit, AgentTrace.Of(lines, note.Commit, note.Agent, note.Run, note.Model, Version, note.At), cancellationToken));
    }

    private static async Task AddAsync(Git git, string reference, string commit, string text, CancellationToken cancellationToken)
    {
        // Another run may write its note at the same moment: git then refuses one of them.
        for (var attempt = 1; attempt <= MostAttempts; attempt++)
        {
            var added = await git.RunAsync(
                ["-c", "core.hooksPath=/dev/null", "notes", $"--ref={reference}", "add", "-f", "-F", "-", commit], cancellationToken, Encoding.UTF8.GetBytes(text));

            if (!added.Succeeded(out var answer, out _) || answer.IsSuccess)
            {
                return;
            }
        }
    }

    internal sealed record ActiveNote(string Commit, string Agent, string Run, string Model, string Author, DateTimeOffset At);
}
