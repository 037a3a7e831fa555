using Microsoft.AspNetCore.Http;
using Ringfence.Access;
using Ringfence.App.Cli;
using Ringfence.Approvals;
using Ringfence.Audit;
using Ringfence.Budgets;
using Ringfence.Client;
using Ringfence.Notifications;
using Ringfence.Outputs;
using Ringfence.Runs;

namespace Ringfence.App.Api;

/// <summary><c>/v1/runs</c>: looks for runs, shows them, cancels them.</summary>
internal sealed class RunsApi(Home home, TemplatesApi templates)
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

    /// <summary>As they were at the start, when the gateway read them.</summary>
    private readonly PriceTable? prices = PriceFile.Load(home.Folder).Succeeded(out var table) ? table : null;

    public void Map(ApiSurface api)
    {
        api.Map(new("GET", "/v1/runs", Role.Viewer, "Lists runs.") { Query = [Page, Limit, Statuses, Search, Before, Template, Model, OutputTypes, SortBy, Order], Answer = ApiJson.Default.RunPage }, ListAsync);
        api.Map(new("GET", "/v1/runs/{id}", Role.Viewer, "Shows a run.") { Answer = ApiJson.Default.RunInfo }, GetAsync);
        api.Map(new("POST", "/v1/runs/{id}/cancel", Role.Runner, "Cancels a run, whatever it is doing. What it changed is kept.") { Status = 202 }, CancelAsync);
    }

    private async Task<IResult> ListAsync(ApiCall call, CancellationToken cancellationToken)
    {
        var statuses = new List<RunStatus>();
        var outputs = new List<OutputKind>();

        foreach (var name in ApiCall.Words(call.Text(Statuses)))
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

        foreach (var name in ApiCall.Words(call.Text(OutputTypes)))
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
        var ids = await templates.IdsAsync(cancellationToken);
        return call.Ok(new Client.RunPage(
            [.. found.Runs.Select(run => RunResource.Of(run, ids))],
            new Pagination(query.Page, query.Limit, found.Total, (found.Total + query.Limit - 1) / query.Limit, found.IsExact),
            new RunPageMeta(found.Active, found.HasEverRun)));
    }

    private Task<IResult> GetAsync(ApiCall call, CancellationToken cancellationToken) => call.WithRunAsync(home.Runs, async run =>
    {
        var asked = run.Status is RunStatus.Waiting
            ? await new ApprovalDesk(home.Database, home.Runs, TimeProvider.System).ShowAsync(run.Id.Value, cancellationToken) : default;

        var callback = run.Request.CallbackUrl is null ? null : await new WebhookStore(home.Database, TimeProvider.System).CallbackStatusAsync(run.Id, cancellationToken);

        var calls = await new AuditReader(home.Database).FactsAsync<ModelResponded>(run.Id, cancellationToken);
        var waitingFor = asked.Succeeded(out var approval) && approval is { Status: ApprovalStatus.Pending } ? approval.Kind.ToString().ToLowerInvariant() : null;
        return call.Ok(RunResource.Of(run, await templates.IdsAsync(cancellationToken), calls, waitingFor, await WindowAsync(run, cancellationToken)) with { CallbackStatus = callback });
    }, cancellationToken);

    private Task<IResult> CancelAsync(ApiCall call, CancellationToken cancellationToken) => call.WithRunAsync(home.Runs, async run =>
        await home.Supervisor.CancelAsync(run, call.Principal, cancellationToken)
            ? Results.StatusCode(StatusCodes.Status202Accepted)
            : call.Refuse([new Failure("run_already_ended", "The run has already ended, or was already told to.")]),
        cancellationToken);

    /// <summary>Of the model that the run last spoke to.</summary>
    private async Task<long?> WindowAsync(Run run, CancellationToken cancellationToken)
    {
        var asked = await new AuditReader(home.Database).FactsAsync<ModelRequested>(run.Id, cancellationToken);
        return asked.Count > 0 ? prices?.Find(asked[^1].ModelUsed)?.MaxInput : null;
    }
}
