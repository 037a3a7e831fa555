using System.Globalization;
using System.Text.RegularExpressions;
using Ringfence.Runs;
using Ringfence.Storage;
using Ringfence.Workspaces;

namespace Ringfence.Audit;

/// <summary>
/// From lines to their origin: git tells the commit, the record (or the commit's trailer, which outlives rebases and squashes) the run, and the run's
/// events the rest.
/// </summary>
public sealed partial class Blame(Database database)
{
    /// <param name="folder">Where the file's name is relative to: inside the repository.</param>
    /// <param name="lines">First and last line from 1; null for the whole file.</param>
    /// <remarks>Failures: <c>git_missing</c>, <c>blame_failed</c>.</remarks>
    public async Task<Result<IReadOnlyList<BlamedLines>>> OfAsync(
        string folder, string file, (int First, int Last)? lines, CancellationToken cancellationToken)
    {
        var git = Git.UserIn(folder);
        string[] range = lines is { } asked ? ["-L", string.Create(CultureInfo.InvariantCulture, $"{asked.First},{asked.Last}")] : [];
        var answered = await git.RunAsync(["blame", "--porcelain", .. range, "--", file], cancellationToken);

        if (!answered.Succeeded(out var answer, out var why))
        {
            return Result.Fail<IReadOnlyList<BlamedLines>>(why);
        }

        if (!answer.IsSuccess)
        {
            return new Failure("blame_failed", $"git cannot tell where {Printable.Escape(file)} comes from: {Printable.Escape(answer.Error.Trim())}");
        }

        var blamed = new List<BlamedLines>();
        var known = new Dictionary<string, IReadOnlyList<BlamedRun>>();

        foreach (var group in BlamePorcelain.Read(answer.Output))
        {
            if (!known.TryGetValue(group.Commit + group.Path, out var runs))
            {
                known[group.Commit + group.Path] = runs = await RunsAsync(git, group.Commit, group.Path, cancellationToken);
            }

            blamed.Add(group with { Runs = runs });
        }

        return blamed;
    }

    private async Task<IReadOnlyList<BlamedRun>> RunsAsync(Git git, string commit, string path, CancellationToken cancellationToken)
    {
        if (commit.All(c => c == '0'))
        {
            return [];
        }

        var exact = await new AuditQueries(database).CommitsAsync(new() { Term = commit, Limit = 10 }, cancellationToken);
        var found = exact.Rows.Select(row => (Run: (string)row[0]!, By: "commit")).Distinct().ToList();

        if (found.Count == 0)
        {
            var message = await git.RunAsync(["log", "-1", "--format=%B", commit], cancellationToken);
            found = message.Succeeded(out var text) && text.IsSuccess
                ? [.. Trailer().Matches(text.Text).Select(match => (Run: match.Groups[1].Value, By: "trailer")).Distinct()]
                : [];
        }

        var runs = new List<BlamedRun>();

        foreach (var (run, by) in found)
        {
            runs.Add(await RunAsync(new RunId(run), by, path, cancellationToken));
        }

        return runs;
    }

    private async Task<BlamedRun> RunAsync(RunId run, string foundBy, string path, CancellationToken cancellationToken)
    {
        var row = await database.QuerySingleAsync(
            "select workflow, requested_by, agent, prompt_digest from runs where id = @run",
            r => (Workflow: Text(r, 0), By: Text(r, 1), Agent: Text(r, 2), Prompt: Text(r, 3)), cancellationToken, ("run", run));

        var events = await new AuditReader(database).AllAsync(run, cancellationToken);
        var change = events.LastOrDefault(happened => happened.Type == "file.changed" && happened.Fact is FileChanged changed && changed.Path == path);
        var origin = change is null ? null : ChangeOrigin.Of(events, change);

        return new(
            run, foundBy, row.Workflow, row.By, row.Agent, row.Prompt, change is not null, origin?.By, origin?.Attribution, origin?.Seq ?? -1, origin?.ModelCall,
            [.. events.Select(happened => happened.Fact).OfType<ApprovalDecided>().Select(a => $"{a.Decision} by {a.By} ({a.AuthenticatedBy}, {a.Channel})")],
            [.. events.Select(happened => happened.Fact).OfType<VerificationFinished>().Select(v => $"{(v.Passed ? "passed" : "failed")}: {v.Command}")]);
    }

    private static string? Text(System.Data.Common.DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    // Blanks of one line only: a message of a million empty lines would be looked through from each of them.
    [GeneratedRegex(@"^[ \t]*Ringfence-Run:[ \t]*([0-9a-hjkmnp-tv-z]{16})[ \t\r]*$", RegexOptions.Multiline)]
    private static partial Regex Trailer();
}
