using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Ringfence.Access;
using Ringfence.App.Cli;
using Ringfence.App.Commands;
using Ringfence.App.Views;
using Ringfence.Approvals;
using Ringfence.Audit;
using Ringfence.Notifications;
using Ringfence.Outputs;
using Ringfence.Runs;
using Ringfence.Workflows;
using Ringfence.Workspaces;

namespace Ringfence.App.Api;

/// <summary><c>/v1/runs</c>: translates, and does not think.</summary>
/// <param name="stopping">The server ends: streams end too, and their readers come back with where they were.</param>
internal sealed class RunsApi(Home home, RunQueue queue, RepositoryRules repositories, TemplatesApi templates, ServeMetrics metrics, CancellationToken stopping)
{
    private static readonly QueryParameter Page = QueryParameter.Number("page", 1, 1, 1_000_000, "From 1.");
    private static readonly QueryParameter Limit = QueryParameter.Number("limit", 20, 1, 100, "How many on a page.");
    private static readonly QueryParameter Statuses = new("status", "Comma separated: pending, running, completed, failed, cancelled, or a phase.");
    private static readonly QueryParameter Search = new("search", "Words, or beginnings of words from three letters on, of the prompt's first 2,000 characters, the repository and the workflow; or the beginning of an id.");
    private static readonly QueryParameter Before = new("before", "Only runs that are older than the one of this id: what lies behind a page, however far.");
    private static readonly QueryParameter Template = new("template", "Slug of the template.");
    private static readonly QueryParameter Model = new("model", "Model id as it was asked for.");
    private static readonly QueryParameter OutputTypes = new("outputTypes", "Comma separated: pr, branch, patch, none.");
    private static readonly QueryParameter SortBy = QueryParameter.Choice("sortBy", ["createdAt", "costUsd"], "What to sort by.");
    private static readonly QueryParameter Order = QueryParameter.Choice("order", ["desc", "asc"], "In which order.");
    private static readonly QueryParameter LogLimit = QueryParameter.Number("limit", 50, 1, 250, "How many events.");
    private static readonly QueryParameter Offset = QueryParameter.Number("offset", 0, 0, int.MaxValue, "How many to leave out.");
    private static readonly QueryParameter Category = new("category", $"Comma separated: {string.Join(", ", LogCategory.Names)}.");
    private static readonly QueryParameter After = QueryParameter.Number("after", -1, 0, int.MaxValue, "Only events after this number.");
    private static readonly QueryParameter Format = QueryParameter.Choice("format", ["patch", "stat"], "Whole, or one line a file.");

    public void Map(ApiSurface api)
    {
        api.Map(new("POST", "/v1/runs", Role.Runner, "Starts a run. It is durable when this answers.") { Body = ApiJson.Default.CreateRunBody, Answer = ApiJson.Default.CreatedRun, Status = 201, Headers = ["Idempotency-Key"] }, CreateAsync);
        api.Map(new("GET", "/v1/runs", Role.Viewer, "Lists runs.") { Query = [Page, Limit, Statuses, Search, Before, Template, Model, OutputTypes, SortBy, Order], Answer = ApiJson.Default.RunList }, ListAsync);
        api.Map(new("GET", "/v1/runs/{id}", Role.Viewer, "Shows a run.") { Answer = ApiJson.Default.RunResource }, GetAsync);
        api.Map(new("POST", "/v1/runs/{id}/cancel", Role.Runner, "Cancels a run, whatever it is doing. What it changed is kept.") { Status = 202 }, CancelAsync);
        api.Map(new("POST", "/v1/runs/{id}/resume", Role.Runner, "Goes on from an ended run, as a new run.") { Body = ApiJson.Default.ResumeBody, Answer = ApiJson.Default.CreatedRun, Status = 201, Headers = ["Idempotency-Key"] }, ResumeAsync);
        api.Map(new("GET", "/v1/runs/{id}/logs", Role.Viewer, "Pages through a run's events.") { Query = [LogLimit, Offset, Category], Answer = ApiJson.Default.LogList }, LogsAsync);
        api.Map(new("GET", "/v1/runs/{id}/events", Role.Viewer, "Streams a run's events until it has ended.") { Query = [After], Headers = ["Last-Event-ID"], AnswerType = "text/event-stream" }, EventsAsync);
        api.Map(new("GET", "/v1/runs/{id}/diff", Role.Viewer, "The change set as git has it.") { Query = [Format], AnswerType = "text/x-patch" }, DiffAsync);
        api.Map(new("GET", "/v1/runs/{id}/salvage", Role.Viewer, "What there is of a run's change set, whatever its ending.") { Answer = ApiJson.Default.SalvageResource }, SalvageAsync);
        api.Map(new("GET", "/v1/runs/{id}/artifacts/{name}", Role.Viewer, "A file that the run produced, or content of its record by SHA-256.") { AnswerType = "application/octet-stream" }, ArtifactAsync);
    }

    private async Task<IResult> CreateAsync(ApiCall call, CancellationToken cancellationToken)
    {
        if (!(await call.BodyAsync<CreateRunBody>(cancellationToken)).Succeeded(out var body, out var why))
        {
            return call.Refuse(why);
        }

        var template = body.Template is { } slug ? await templates.FindAsync(slug, cancellationToken) : null;

        if (body.Template is not null && template is null)
        {
            return call.Refuse(StatusCodes.Status400BadRequest, new Failure("unknown_template", "template: there is none of that slug.", "GET /v1/templates lists them."));
        }

        // The policy is read anew each time: a group that has changed counts from the next run on.
        return body.ToRequest(call.Principal, template).Succeeded(out var request, out why) && PolicyFile.Of(home.Folder).Succeeded(out var policy, out why)
            && policy.Apply(request).Succeeded(out request, out why) && repositories.Resolve(request.Repository).Succeeded(out var address, out why)
            ? await EnqueueAsync(call, request with { Repository = address }, cancellationToken)
            : call.Refuse(why);
    }

    private async Task<IResult> EnqueueAsync(ApiCall call, RunRequest request, CancellationToken cancellationToken)
    {
        var key = call.Http.Request.Headers["Idempotency-Key"].ToString();

        if (key.Length > 255 || key.Any(c => c is < ' ' or > '~'))
        {
            return call.Refuse([new Failure("bad_idempotency_key", "Idempotency-Key has at most 255 printable ASCII characters.")]);
        }

        // The caller is part of the key: one must not find another's run by guessing.
        if (!(await home.Runs.EnqueueAsync(request, key.Length == 0 ? null : $"{call.Key.Id}:{key}", cancellationToken)).Succeeded(out var accepted, out var why))
        {
            return call.Refuse(why);
        }

        queue.Ring();
        var (run, isNew) = accepted;
        return call.Ok(new CreatedRun(run.Id.Value, RunResource.StatusOf(run.Status), run.CreatedAt), isNew ? StatusCodes.Status201Created : StatusCodes.Status200OK);
    }

    private async Task<IResult> ListAsync(ApiCall call, CancellationToken cancellationToken)
    {
        var statuses = new List<RunStatus>();
        var outputs = new List<OutputKind>();

        foreach (var name in Words(call.Text(Statuses)))
        {
            if (RunResource.StatusesOf(name) is { } known)
            {
                statuses.AddRange(known);
            }
            else
            {
                call.Fail($"status: '{Printable.Escape(name)}' is none of pending, running, completed, failed, cancelled.");
            }
        }

        foreach (var name in Words(call.Text(OutputTypes)))
        {
            if (OutputName.Read(name == "pr" ? "pull_request" : name) is { } kind)
            {
                outputs.Add(kind);
            }
            else
            {
                call.Fail($"outputTypes: '{Printable.Escape(name)}' is none of pr, branch, patch, none.");
            }
        }

        if (call.Text(Before) is { } before && !RunId.IsValid(before))
        {
            call.Fail("before: the id of a run.");
        }

        var query = new RunQuery(
            call.Number(Page), call.Number(Limit), statuses, call.Text(Search), ModelAlias.Resolve(call.Text(Model)), call.Text(SortBy) == "costUsd", call.Text(Order) == "asc")
        {
            Template = call.Text(Template),
            Before = call.Text(Before) is { } older ? new RunId(older) : null,
            Outputs = outputs,
        };

        if (call.Failures.Count > 0)
        {
            return call.BadRequest();
        }

        var found = await home.Runs.SearchAsync(query, cancellationToken);
        return call.Ok(new RunList(
            [.. found.Runs.Select(run => RunResource.Of(run))],
            new PaginationResource(query.Page, query.Limit, found.Total, (found.Total + query.Limit - 1) / query.Limit, found.IsExact),
            new RunListMeta(found.Active, found.HasEverRun)));
    }

    private Task<IResult> GetAsync(ApiCall call, CancellationToken cancellationToken) => WithRunAsync(call, async run =>
    {
        var asked = run.Status is RunStatus.Waiting
            ? await new ApprovalDesk(home.Database, home.Runs, TimeProvider.System).ShowAsync(run.Id.Value, cancellationToken) : default;

        var callback = run.Request.CallbackUrl is null ? null : await new WebhookStore(home.Database, TimeProvider.System).CallbackStatusAsync(run.Id, cancellationToken);

        return call.Ok(RunResource.Of(
            run, await new AuditReader(home.Database).FactsAsync<ModelResponded>(run.Id, cancellationToken),
            asked.Succeeded(out var approval) && approval is { Status: ApprovalStatus.Pending } ? approval.Kind.ToString().ToLowerInvariant() : null) with { CallbackStatus = callback });
    }, cancellationToken);

    private Task<IResult> CancelAsync(ApiCall call, CancellationToken cancellationToken) => WithRunAsync(call, async run =>
        await home.Supervisor.CancelAsync(run, call.Principal, cancellationToken)
            ? Results.StatusCode(StatusCodes.Status202Accepted)
            : call.Refuse([new Failure("run_already_ended", "The run has already ended, or was already told to.")]),
        cancellationToken);

    private Task<IResult> ResumeAsync(ApiCall call, CancellationToken cancellationToken) => WithRunAsync(call, async run =>
    {
        if (!(await call.BodyAsync<ResumeBody>(cancellationToken)).Succeeded(out var body, out var why))
        {
            return call.Refuse(why);
        }

        return (await new RunResumption(home.Database, home.Runs, home.Workspaces).RequestAsync(run.Id.Value, body.ToTerms(), call.Principal, cancellationToken))
            .Succeeded(out var request, out why)
            ? await EnqueueAsync(call, request, cancellationToken)
            : call.Refuse(why);
    }, cancellationToken);

    private Task<IResult> LogsAsync(ApiCall call, CancellationToken cancellationToken) => WithRunAsync(call, async run =>
    {
        var (limit, offset) = (call.Number(LogLimit), call.Number(Offset));
        var categories = Words(call.Text(Category)).ToHashSet(StringComparer.Ordinal);

        foreach (var unknown in categories.Except(LogCategory.Names))
        {
            call.Fail($"category: '{Printable.Escape(unknown)}' is none of {string.Join(", ", LogCategory.Names)}.");
        }

        if (call.Failures.Count > 0)
        {
            return call.BadRequest();
        }

        var events = new List<JsonElement>();
        var skip = categories.Count == 0 ? 0 : offset;

        await foreach (var happened in new AuditReader(home.Database).EventsAsync(run.Id, categories.Count == 0 ? offset - 1L : -1, [], cancellationToken))
        {
            if ((categories.Count == 0 || categories.Contains(LogCategory.Of(happened.Type))) && skip-- <= 0)
            {
                events.Add(JsonDocument.Parse(happened.Body).RootElement);
            }

            if (events.Count == limit)
            {
                break;
            }
        }

        return call.Ok(new LogList(events, offset, limit));
    }, cancellationToken);

    /// <summary>Server-sent events, from a sequence number or where <c>Last-Event-ID</c> left off, until the run has ended.</summary>
    private Task<IResult> EventsAsync(ApiCall call, CancellationToken cancellationToken) => WithRunAsync(call, async run =>
    {
        var response = call.Http.Response;
        var after = (long)call.Number(After);

        if (call.Http.Request.Headers["Last-Event-ID"].ToString() is { Length: > 0 } header
            && !long.TryParse(header, NumberStyles.None, CultureInfo.InvariantCulture, out after))
        {
            call.Fail("Last-Event-ID: the number of an event.");
        }

        if (call.Failures.Count > 0)
        {
            return call.BadRequest();
        }

        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-store";
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, stopping);

        metrics.StreamOpened();

        try
        {
            await response.Body.FlushAsync(ending.Token);

            await foreach (var happened in EventTail.FollowAsync(new AuditReader(home.Database), run.Id, follow: true, after, CancellationToken.None, ending.Token))
            {
                await response.WriteAsync($"id: {happened.Seq}\nevent: {happened.Type}\ndata: {happened.Json}\n\n", Encoding.UTF8, ending.Token);
                await response.Body.FlushAsync(ending.Token);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The reader comes back with Last-Event-ID.
        }
        finally
        {
            metrics.StreamClosed();
        }

        return Results.Empty;
    }, cancellationToken);

    private Task<IResult> DiffAsync(ApiCall call, CancellationToken cancellationToken) => WithRunAsync(call, async run =>
    {
        var format = call.Text(Format) == "stat" ? DiffFormat.Summary : DiffFormat.Patch;

        if (call.Failures.Count > 0)
        {
            return call.BadRequest();
        }

        if (!(await ChangesOf.RunAsync(home, run, cancellationToken)).Succeeded(out var found, out var why))
        {
            return call.Refuse(why);
        }

        call.Http.Response.ContentType = "text/x-patch";
        await found.Workspace.WriteDiffAsync(found.Changes, call.Http.Response.Body, format, cancellationToken);
        return Results.Empty;
    }, cancellationToken);

    private Task<IResult> SalvageAsync(ApiCall call, CancellationToken cancellationToken) => WithRunAsync(call, async run =>
        (await ChangesOf.RunAsync(home, run, cancellationToken)).Succeeded(out var found, out var why)
            ? call.Ok(SalvageResource.Of(run, found.Changes))
            : call.Refuse(why),
        cancellationToken);

    private Task<IResult> ArtifactAsync(ApiCall call, CancellationToken cancellationToken) => WithRunAsync(call, async run =>
    {
        var name = call.Route("name");

        // A name is never made into a path: the run knows its one file.
        if (run.Published is { } place && run.Request.Output is OutputKind.Patch && Path.GetFileName(place) == name && File.Exists(place))
        {
            return Results.File(place, "text/x-patch", name);
        }

        return await new AuditReader(home.Database).ContentAsync(run.Id, name, cancellationToken) is { } content
            ? Results.Bytes(content, "application/octet-stream")
            : call.Refuse([new Failure("unknown_artifact", "The run has no such artifact.")]);
    }, cancellationToken);

    private async Task<IResult> WithRunAsync(ApiCall call, Func<Run, Task<IResult>> use, CancellationToken cancellationToken) =>
        RunId.IsValid(call.Route("id")) && (await home.Runs.FindAsync(call.Route("id"), cancellationToken)).Succeeded(out var run)
            ? await use(run)
            : call.Refuse([new Failure("unknown_run", "There is no such run.")]);

    private static string[] Words(string? text) => (text ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}

/// <summary>What a resumed run may use on top of what the ended one had left.</summary>
internal sealed record ResumeBody
{
    [StringLength(50_000, MinimumLength = 1)]
    public string? Instruction { get; init; }

    [Range(0.0, 1000.0)]
    public decimal? MoreCostUsd { get; init; }

    [Range(0, 1000)]
    public int? MoreTurns { get; init; }

    [Range(0, 86_400)]
    public int? MoreSeconds { get; init; }

    public ResumeTerms ToTerms() => new()
    {
        Instruction = Instruction,
        MoreCost = Money.FromDollars(MoreCostUsd ?? 0),
        MoreTurns = MoreTurns ?? 0,
        MoreTime = TimeSpan.FromSeconds(MoreSeconds ?? 0),
    };
}

internal sealed record SalvageResource(string Run, string Base, string Tree, string Digest, IReadOnlyList<SalvagedFile> Files)
{
    public static SalvageResource Of(Run run, ChangeSet changes) => new(
        run.Id.Value, changes.Base, changes.Tree, changes.Digest,
        [.. changes.Files.Select(file => new SalvagedFile(file.Path.ToString(), file.Operation.ToString().ToLowerInvariant(), file.LinesAdded, file.LinesRemoved))]);
}

/// <param name="LinesAdded">-1 for a binary file.</param>
internal sealed record SalvagedFile(string Path, string Operation, int LinesAdded, int LinesRemoved);
