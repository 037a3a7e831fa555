using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Ringfence.Access;
using Ringfence.Audit;
using Ringfence.Client;
using Ringfence.Runs;
using Ringfence.Storage;

namespace Ringfence.App.Api;

/// <summary><c>/v1/audit</c>: the questions of the record. <c>/v1/blame</c>: where lines come from.</summary>
internal sealed class AuditApi(Database database, RepositoryRules repositories)
{
    private static readonly QueryParameter Term = new("term", "The word itself: a path, host, program, secret, digest, commit or gate.");
    private static readonly QueryParameter Run = new("run", "Only this run, by its whole id.");
    private static readonly QueryParameter Workflow = new("workflow", "Only runs of this workflow.");
    private static readonly QueryParameter Since = new("since", "From this time on, ISO 8601.");
    private static readonly QueryParameter Until = new("until", "Before this time, ISO 8601.");
    private static readonly QueryParameter Text = new("text", "Words that stand beside each other in the command line.");
    private static readonly QueryParameter Allowed = new("allowed", "Network: true or false alone.") { Choices = ["any", "true", "false"] };
    private static readonly QueryParameter Limit = QueryParameter.Number("limit", 100, 1, 10_000, "Rows at most.");
    private static readonly QueryParameter Repo = new("repo", "A path below one of the server's repository roots.") { Longest = 2048 };
    private static readonly QueryParameter File = new("file", "Path inside the repository.") { Longest = 2048 };
    private static readonly QueryParameter First = QueryParameter.Number("first", 0, 1, 10_000_000, "First line.");
    private static readonly QueryParameter Last = QueryParameter.Number("last", 0, 1, 10_000_000, "Last line.");

    private readonly Dictionary<string, Func<AuditQueries, AuditFilter, CancellationToken, Task<AuditTable>>> questions = new(StringComparer.Ordinal)
    {
        ["files"] = (q, f, c) => q.FilesAsync(f, c),
        ["reads"] = (q, f, c) => q.ReadsAsync(f, c),
        ["commands"] = (q, f, c) => q.CommandsAsync(f, c),
        ["failed-commands"] = (q, f, c) => q.FailedCommandsAsync(f, c),
        ["network"] = (q, f, c) => q.NetworkAsync(f, c),
        ["secrets"] = (q, f, c) => q.SecretsAsync(f, c),
        ["approvals"] = (q, f, c) => q.ApprovalsAsync(f, c),
        ["gates"] = (q, f, c) => q.GatesAsync(f, c),
        ["checks"] = (q, f, c) => q.ChecksAsync(f, c),
        ["context"] = (q, f, c) => q.ContextAsync(f, c),
        ["commits"] = (q, f, c) => q.CommitsAsync(f, c),
        ["budget"] = (q, f, c) => q.BudgetAsync(f, c),
    };

    public void Map(ApiSurface api)
    {
        api.Map(new("GET", "/v1/audit/{question}", Role.Viewer, $"Asks the record: {string.Join(", ", questions.Keys)}.") { Query = [Term, Run, Workflow, Since, Until, Text, Allowed, Limit], Answer = ApiJson.Default.TableResource }, AskAsync);
        api.Map(new("GET", "/v1/audit/verify/{run}", Role.Viewer, "Recomputes a run's chain.") { Answer = ApiJson.Default.Verified }, VerifyAsync);
        api.Map(new("GET", "/v1/blame", Role.Viewer, "Where lines of a file come from: commit, run, command, approvals.") { Query = [Repo, File, First, Last], Answer = ApiJson.Default.JsonElement }, BlameAsync);
    }

    private async Task<IResult> AskAsync(ApiCall call, CancellationToken cancellationToken)
    {
        if (!questions.TryGetValue(call.Route("question"), out var ask))
        {
            return call.Refuse([new Failure("unknown_question", "The record has no such question.", $"One of: {string.Join(", ", questions.Keys)}.")]);
        }

        var filter = new AuditFilter
        {
            Term = call.Text(Term),
            Run = call.Text(Run),
            Workflow = call.Text(Workflow),
            Since = call.Time(Since),
            Until = call.Time(Until),
            Text = call.Text(Text),
            Allowed = call.Text(Allowed) switch { "true" => true, "false" => false, _ => null },
            Limit = call.Number(Limit),
        };

        return call.Failures.Count > 0 ? call.BadRequest() : call.Ok(TableResource.Of(await ask(new AuditQueries(database), filter, cancellationToken)));
    }

    private async Task<IResult> VerifyAsync(ApiCall call, CancellationToken cancellationToken)
    {
        if (!RunId.IsValid(call.Route("run")))
        {
            return call.Refuse([new Failure("unknown_run", "There is no such run.")]);
        }

        var verified = await new AuditVerifier(database).VerifyAsync(new RunId(call.Route("run")), cancellationToken);
        return call.Ok(new Verified(
            verified.Problems.Count == 0, verified.Events, verified.Head, [.. verified.Problems.Select(problem => new VerifiedProblem(problem.Code, problem.Seq, problem.Message))]));
    }

    private async Task<IResult> BlameAsync(ApiCall call, CancellationToken cancellationToken)
    {
        var (repo, file, first, last) = (call.Text(Repo), call.Text(File), call.Number(First), call.Number(Last));

        if (repo is null || file is null || !repo.StartsWith('/') || file.StartsWith('/') || file.Split('/').Contains("..") || first > last)
        {
            call.Fail("repo and file are needed: a path below a repository root, a path inside it, and first at most last.");
        }

        if (call.Failures.Count > 0)
        {
            return call.BadRequest();
        }

        return repositories.Resolve(repo!).Succeeded(out var folder, out var why)
            && (await new Blame(database).OfAsync(folder, file!, first > 0 ? (first, last) : null, cancellationToken)).Succeeded(out var lines, out why)
            ? call.Ok(JsonSerializer.SerializeToElement(lines, BlameForm))
            : call.Refuse(why);
    }

    public static readonly JsonSerializerOptions BlameForm = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };
}

/// <param name="More">There were more rows than were asked for.</param>
internal sealed record TableResource(IReadOnlyList<string> Columns, IReadOnlyList<IReadOnlyList<object?>> Rows, bool More)
{
    public static TableResource Of(AuditTable table) => new(table.Columns, table.Rows, table.More);
}
