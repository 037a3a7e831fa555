using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Ringfence.Access;
using Ringfence.App.Cli;
using Ringfence.App.Commands;
using Ringfence.App.Views;
using Ringfence.Audit;
using Ringfence.Runs;
using Ringfence.Workspaces;

namespace Ringfence.App.Api;

/// <summary><c>/v1/runs</c>: translates, and does not think.</summary>
/// <param name="repositoryRoots">Folders below which a caller may name a repository by path; elsewhere a path could read what the caller may not.</param>
internal sealed class RunsApi(Home home, RunQueue queue, IReadOnlyList<string> repositoryRoots)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        var runs = routes.MapGroup("/v1/runs");
        runs.MapPost("", CreateAsync).Needs(Role.Runner);
        runs.MapGet("", ListAsync).Needs(Role.Viewer);
        runs.MapGet("/{id}", GetAsync).Needs(Role.Viewer);
        runs.MapPost("/{id}/cancel", CancelAsync).Needs(Role.Runner);
        runs.MapGet("/{id}/logs", LogsAsync).Needs(Role.Viewer);
        runs.MapGet("/{id}/events", EventsAsync).Needs(Role.Viewer);
        runs.MapGet("/{id}/diff", DiffAsync).Needs(Role.Viewer);
    }

    private async Task<IResult> CreateAsync(HttpContext http, CancellationToken cancellationToken)
    {
        var body = await Problem.ReadAsync(http, ApiJson.Default.CreateRunBody, cancellationToken);
        var request = body.Succeeded(out var read, out var why) ? read.ToRequest(http.Caller().Principal) : Result.Fail<RunRequest>(why);

        if (!request.Succeeded(out var valid, out why))
        {
            return Problem.Of(http, StatusCodes.Status400BadRequest, why);
        }

        if (!MayUse(valid.Repository))
        {
            return Problem.Of(http, StatusCodes.Status400BadRequest, new Failure(
                "repository_not_allowed", "repo: a URL with https or ssh, or a path below one of the server's --repo-root folders."));
        }

        var key = http.Request.Headers["Idempotency-Key"].ToString();

        if (key.Length > 255)
        {
            return Problem.Of(http, StatusCodes.Status400BadRequest, new Failure("bad_idempotency_key", "Idempotency-Key has at most 255 characters."));
        }

        // The caller is part of the key: one must not find another's run by guessing.
        var enqueued = await home.Runs.EnqueueAsync(valid, key.Length == 0 ? null : $"{http.Caller().Id}:{key}", cancellationToken);

        if (!enqueued.Succeeded(out var accepted, out why))
        {
            return Problem.Of(http, StatusCodes.Status422UnprocessableEntity, why);
        }

        var (run, isNew) = accepted;
        queue.Ring();

        return Results.Json(
            new CreatedRun(run.Id.Value, RunResource.StatusOf(run.Status), run.CreatedAt), ApiJson.Default.CreatedRun,
            statusCode: isNew ? StatusCodes.Status201Created : StatusCodes.Status200OK);
    }

    private async Task<IResult> ListAsync(HttpContext http, CancellationToken cancellationToken)
    {
        var failures = new List<Failure>();
        var query = http.Request.Query;
        var statuses = new List<RunStatus>();

        foreach (var name in query["status"].ToString().Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (RunResource.StatusesOf(name) is { } known)
            {
                statuses.AddRange(known);
            }
            else
            {
                failures.Add(new Failure("bad_parameter", $"status: '{name}' is none of pending, running, completed, failed, cancelled."));
            }
        }

        var page = Number(query, "page", 1, 1, 1_000_000, failures);
        var limit = Number(query, "limit", 20, 1, 100, failures);
        var byCost = Choice(query, "sortBy", ["createdAt", "costUsd"], failures) == "costUsd";
        var ascending = Choice(query, "order", ["desc", "asc"], failures) == "asc";

        if (failures.Count > 0)
        {
            return Problem.Of(http, StatusCodes.Status400BadRequest, failures);
        }

        var found = await home.Runs.SearchAsync(
            new RunQuery(page, limit, statuses, Text(query, "search"), Text(query, "model"), byCost, ascending), cancellationToken);

        return Results.Json(
            new RunList(
                [.. found.Runs.Select(run => RunResource.Of(run))],
                new PaginationResource(page, limit, found.Total, (found.Total + limit - 1) / limit),
                new RunListMeta(found.Active, found.HasEverRun)),
            ApiJson.Default.RunList);
    }

    private Task<IResult> GetAsync(HttpContext http, string id, CancellationToken cancellationToken) => WithRunAsync(http, id, async run =>
        Results.Json(
            RunResource.Of(run, await new AuditReader(home.Database).FactsAsync<ModelResponded>(run.Id, cancellationToken)), ApiJson.Default.RunResource),
        cancellationToken);

    private Task<IResult> CancelAsync(HttpContext http, string id, CancellationToken cancellationToken) => WithRunAsync(http, id, async run =>
        await home.Supervisor.CancelAsync(run, http.Caller().Principal, cancellationToken)
            ? Results.StatusCode(StatusCodes.Status202Accepted)
            : Problem.Of(http, StatusCodes.Status409Conflict, new Failure("run_already_ended", "The run has already ended, or was already told to.")),
        cancellationToken);

    private Task<IResult> LogsAsync(HttpContext http, string id, CancellationToken cancellationToken) => WithRunAsync(http, id, async run =>
    {
        var failures = new List<Failure>();
        var limit = Number(http.Request.Query, "limit", 50, 1, 250, failures);
        var offset = Number(http.Request.Query, "offset", 0, 0, int.MaxValue, failures);

        if (failures.Count > 0)
        {
            return Problem.Of(http, StatusCodes.Status400BadRequest, failures);
        }

        var events = new List<JsonElement>();

        await foreach (var happened in new AuditReader(home.Database).EventsAsync(run.Id, offset - 1L, [], cancellationToken))
        {
            events.Add(JsonDocument.Parse(happened.Body).RootElement);

            if (events.Count == limit)
            {
                break;
            }
        }

        return Results.Json(new LogList(events, offset, limit), ApiJson.Default.LogList);
    }, cancellationToken);

    /// <summary>Server-sent events, from a sequence number or where <c>Last-Event-ID</c> left off, until the run has ended.</summary>
    private Task<IResult> EventsAsync(HttpContext http, string id, CancellationToken cancellationToken) => WithRunAsync(http, id, async run =>
    {
        var last = http.Request.Headers["Last-Event-ID"].ToString() is { Length: > 0 } header ? header : http.Request.Query["after"].ToString();
        var after = long.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1;
        http.Response.ContentType = "text/event-stream";
        http.Response.Headers.CacheControl = "no-store";

        await foreach (var happened in EventTail.FollowAsync(new AuditReader(home.Database), run.Id, follow: true, after, CancellationToken.None, cancellationToken))
        {
            await http.Response.WriteAsync($"id: {happened.Seq}\nevent: {happened.Type}\ndata: {happened.Json}\n\n", Encoding.UTF8, cancellationToken);
            await http.Response.Body.FlushAsync(cancellationToken);
        }

        return Results.Empty;
    }, cancellationToken);

    private Task<IResult> DiffAsync(HttpContext http, string id, CancellationToken cancellationToken) => WithRunAsync(http, id, async run =>
    {
        if (!(await ChangesOf.RunAsync(home, run, cancellationToken)).Succeeded(out var found, out var why))
        {
            return Problem.Of(http, StatusCodes.Status404NotFound, why);
        }

        http.Response.ContentType = "text/x-patch";
        await found.Workspace.WriteDiffAsync(found.Changes, http.Response.Body, DiffFormat.Patch, cancellationToken);
        return Results.Empty;
    }, cancellationToken);

    private async Task<IResult> WithRunAsync(HttpContext http, string id, Func<Run, Task<IResult>> use, CancellationToken cancellationToken) =>
        RunId.IsValid(id) && (await home.Runs.FindAsync(id, cancellationToken)).Succeeded(out var run)
            ? await use(run)
            : Problem.Of(http, StatusCodes.Status404NotFound, new Failure("unknown_run", "There is no such run."));

    private bool MayUse(string repository) =>
        Uri.TryCreate(repository, UriKind.Absolute, out var uri) && uri.Scheme is "https" or "ssh"
        || repository.StartsWith('/') && repositoryRoots.Any(root => Path.GetFullPath(repository).StartsWith(root.TrimEnd('/') + "/", StringComparison.Ordinal));

    private static string? Text(IQueryCollection query, string name) => query[name].ToString() is { Length: > 0 and <= 500 } text ? text : null;

    private static int Number(IQueryCollection query, string name, int @default, int least, int most, List<Failure> failures)
    {
        var text = query[name].ToString();

        if (text.Length == 0)
        {
            return @default;
        }

        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most)
        {
            return number;
        }

        failures.Add(new Failure("bad_parameter", $"{name}: a whole number from {least} to {most}."));
        return @default;
    }

    private static string Choice(IQueryCollection query, string name, IReadOnlyList<string> choices, List<Failure> failures)
    {
        var text = query[name].ToString();

        if (text.Length > 0 && !choices.Contains(text))
        {
            failures.Add(new Failure("bad_parameter", $"{name}: one of {string.Join(", ", choices)}."));
        }

        return text.Length == 0 ? choices[0] : text;
    }
}
