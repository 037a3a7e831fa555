using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http;
using Ringfence.Access;
using Ringfence.Audit;
using Ringfence.Budgets;
using Ringfence.Storage;

namespace Ringfence.App.Api;

/// <summary>Money: <c>/v1/budgets</c>, <c>/v1/usage</c> and the kill switch.</summary>
internal sealed class BudgetsApi(Database database)
{
    private static readonly QueryParameter Under = new("under", "Only scopes under this one, such as team:7.");
    private static readonly QueryParameter By = QueryParameter.Choice("by", ["day", "workflow", "model", "team", "person", "run"], "What to sum by.");
    private static readonly QueryParameter Workflow = new("workflow", "Only runs of this workflow.");
    private static readonly QueryParameter Since = new("since", "Runs from this time on, ISO 8601.");
    private static readonly QueryParameter Until = new("until", "Runs before this time, ISO 8601.");
    private static readonly QueryParameter Limit = QueryParameter.Number("limit", 100, 1, 1000, "Rows at most.");

    private readonly BudgetBook book = new(database, TimeProvider.System);

    public void Map(ApiSurface api)
    {
        api.Map(new("GET", "/v1/usage", Role.Viewer, "Spend and tokens, summed.") { Query = [By, Workflow, Since, Until, Limit], Answer = ApiJson.Default.TableResource }, UsageAsync);
        api.Map(new("GET", "/v1/budgets", Role.Viewer, "Scopes, with what was spent and what is held for calls in flight.") { Query = [Under], Answer = ApiJson.Default.IReadOnlyListBudgetResource }, ListAsync);
        api.Map(new("PUT", "/v1/budgets", Role.Admin, "Sets the limit of a scope, in the windows that are open and those to come.") { Body = ApiJson.Default.SetBudgetBody, Status = 204 }, SetAsync);
        api.Map(new("POST", "/v1/budgets/thaw", Role.Admin, "Lets a frozen scope spend again.") { Body = ApiJson.Default.ScopeBody, Status = 204 }, ThawAsync);
        api.Map(new("GET", "/v1/kill", Role.Viewer, "What is stopped.") { Answer = ApiJson.Default.IReadOnlyListStopResource }, StopsAsync);
        api.Map(new("POST", "/v1/kill", Role.Admin, "Stops a run, a scope or everything, at once.") { Body = ApiJson.Default.ScopeBody, Status = 204 }, KillAsync);
        api.Map(new("POST", "/v1/kill/lift", Role.Admin, "Ends a stop.") { Body = ApiJson.Default.ScopeBody, Status = 204 }, LiftAsync);
    }

    private async Task<IResult> UsageAsync(ApiCall call, CancellationToken cancellationToken)
    {
        var filter = new AuditFilter { Workflow = call.Text(Workflow), Since = call.Time(Since), Until = call.Time(Until), Limit = call.Number(Limit) };
        var by = Enum.TryParse<SpendBy>(call.Text(By), ignoreCase: true, out var known) ? known : SpendBy.Day;
        return call.Failures.Count > 0 ? call.BadRequest()
            : call.Ok(TableResource.Of(await new AuditSums(database).SpendAsync(by, filter, cancellationToken)));
    }

    private async Task<IResult> ListAsync(ApiCall call, CancellationToken cancellationToken)
    {
        var under = call.Text(Under);
        return call.Failures.Count > 0 ? call.BadRequest() : call.Ok<IReadOnlyList<BudgetResource>>(
            [.. (await book.ListAsync(under, cancellationToken)).Select(b => new BudgetResource(b.Key, b.Limit?.Dollars, b.Spent.Dollars, b.Held.Dollars, b.Stop))]);
    }

    private async Task<IResult> SetAsync(ApiCall call, CancellationToken cancellationToken)
    {
        if (!(await call.BodyAsync<SetBudgetBody>(cancellationToken)).Succeeded(out var body, out var why) || !ScopeKey.Parse(body.Scope!).Succeeded(out var scope, out why))
        {
            return call.Refuse(why);
        }

        await book.SetAsync(scope, Money.FromDollars(body.LimitUsd!.Value), call.Principal, cancellationToken);
        return Results.NoContent();
    }

    private async Task<IResult> ThawAsync(ApiCall call, CancellationToken cancellationToken) =>
        !(await call.BodyAsync<ScopeBody>(cancellationToken)).Succeeded(out var body, out var why) ? call.Refuse(why)
        : await book.ThawAsync(body.Scope!, cancellationToken) ? Results.NoContent()
        : call.Refuse([new Failure("not_frozen", "The scope is not frozen.", "GET /v1/budgets shows which are.")]);

    private async Task<IResult> StopsAsync(ApiCall call, CancellationToken cancellationToken) => call.Ok<IReadOnlyList<StopResource>>(
        [.. (await book.StopsAsync(cancellationToken)).Select(stop => new StopResource(stop.Scope, stop.By, stop.At))]);

    private async Task<IResult> KillAsync(ApiCall call, CancellationToken cancellationToken)
    {
        if (!(await call.BodyAsync<ScopeBody>(cancellationToken)).Succeeded(out var body, out var why))
        {
            return call.Refuse(why);
        }

        await book.StopAsync(ScopeOf(body.Scope!), call.Principal, cancellationToken);
        return Results.NoContent();
    }

    private async Task<IResult> LiftAsync(ApiCall call, CancellationToken cancellationToken) =>
        !(await call.BodyAsync<ScopeBody>(cancellationToken)).Succeeded(out var body, out var why) ? call.Refuse(why)
        : await book.LiftAsync(ScopeOf(body.Scope!), cancellationToken) ? Results.NoContent()
        : call.Refuse([new Failure("unknown_stop", "There is no such stop.", "GET /v1/kill shows them.")]);

    /// <summary>A run's id alone is its scope.</summary>
    private static string ScopeOf(string asked) => asked == ScopeKey.All || asked.Contains(':', StringComparison.Ordinal) ? asked : $"run:{asked}";
}

internal sealed record SetBudgetBody
{
    [Description("KIND:NAME, KIND:NAME:day or KIND:NAME:month.")]
    [Required, StringLength(200, MinimumLength = 1), RegularExpression(ScopeBody.Form, ErrorMessage = "printable characters without spaces.")]
    public string? Scope { get; init; }

    [Required, Range(0.0, 1_000_000.0)]
    public decimal? LimitUsd { get; init; }
}

internal sealed record ScopeBody
{
    public const string Form = @"^[^\s\p{C}]+$";

    [Description("A run's id, `all`, or a scope such as team:7.")]
    [Required, StringLength(200, MinimumLength = 1), RegularExpression(Form, ErrorMessage = "printable characters without spaces.")]
    public string? Scope { get; init; }
}

internal sealed record BudgetResource(string Scope, decimal? LimitUsd, decimal SpentUsd, decimal HeldUsd, string? Stop);

internal sealed record StopResource(string Scope, string By, DateTimeOffset At);
