using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Ringfence.Access;
using Ringfence.App.Cli;
using Ringfence.Approvals;

namespace Ringfence.App.Api;

/// <summary><c>/v1/approvals</c>: what waits for people, and their answers, bound to the digest of what they saw.</summary>
internal sealed class ApprovalsApi
{
    private static readonly QueryParameter Pending = QueryParameter.Choice("status", ["pending", "all"], "Those that wait, or all.");
    private static readonly QueryParameter Limit = QueryParameter.Number("limit", 100, 1, 1000, "How many, newest first.");

    private readonly ApprovalDesk desk;
    private readonly ApprovalLinks links;

    public ApprovalsApi(Home home)
    {
        desk = new ApprovalDesk(home.Database, home.Runs, TimeProvider.System);
        links = new ApprovalLinks(home.Database, desk, TimeProvider.System);
    }

    public void Map(ApiSurface api)
    {
        api.Map(new("GET", "/v1/approvals", Role.Viewer, "Lists what people are asked.") { Query = [Pending, Limit], Answer = ApiJson.Default.IReadOnlyListApprovalResource }, ListAsync);
        api.Map(new("GET", "/v1/approvals/{id}", Role.Viewer, "One approval, or the latest of a run.") { Answer = ApiJson.Default.ApprovalResource }, GetAsync);
        api.Map(new("POST", "/v1/approvals/{id}/decide", Role.Approver, "Answers, with the digest that was shown.") { Body = ApiJson.Default.DecideBody, Answer = ApiJson.Default.ApprovalResource }, DecideAsync);
        api.Map(new("POST", "/v1/approvals/{id}/links", Role.Admin, "Makes a link by which somebody without a key answers once.") { Body = ApiJson.Default.LinkBody, Answer = ApiJson.Default.LinkResource, Status = 201 }, LinkAsync);
        api.Map(new("GET", "/v1/links/{token}", null, "What a link is about.") { Answer = ApiJson.Default.ApprovalResource }, ShowLinkAsync);
        api.Map(new("POST", "/v1/links/{token}", null, "Answers by a link, which is used up.") { Body = ApiJson.Default.DecideBody, Answer = ApiJson.Default.ApprovalResource }, DecideLinkAsync);
    }

    private async Task<IResult> ListAsync(ApiCall call, CancellationToken cancellationToken)
    {
        var (pending, limit) = (call.Text(Pending) == "pending", call.Number(Limit));
        return call.Failures.Count > 0 ? call.BadRequest() : call.Ok<IReadOnlyList<ApprovalResource>>(
            [.. (await desk.ListAsync(pending, limit, cancellationToken)).Select(ApprovalResource.Of)]);
    }

    private async Task<IResult> GetAsync(ApiCall call, CancellationToken cancellationToken) =>
        Answer(call, await desk.ShowAsync(call.Route("id"), cancellationToken));

    private async Task<IResult> DecideAsync(ApiCall call, CancellationToken cancellationToken) =>
        (await call.BodyAsync<DecideBody>(cancellationToken)).Succeeded(out var body, out var why)
            ? Answer(call, await desk.DecideAsync(call.Route("id"), Person(call), body.Digest!, body.Decision == "approve", body.Comment, cancellationToken))
            : call.Refuse(why);

    private async Task<IResult> LinkAsync(ApiCall call, CancellationToken cancellationToken)
    {
        if (!(await call.BodyAsync<LinkBody>(cancellationToken)).Succeeded(out var body, out var why))
        {
            return call.Refuse(why);
        }

        var life = TimeSpan.FromMinutes(body.Minutes ?? 1440);
        return (await links.IssueAsync(call.Route("id"), body.For!, Person(call), life, cancellationToken)).Succeeded(out var token, out why)
            ? call.Ok(new LinkResource($"/v1/links/{token}"))
            : call.Refuse(why);
    }

    private async Task<IResult> ShowLinkAsync(ApiCall call, CancellationToken cancellationToken) => Answer(call, await links.ShowAsync(Token(call), cancellationToken));

    private async Task<IResult> DecideLinkAsync(ApiCall call, CancellationToken cancellationToken) =>
        (await call.BodyAsync<DecideBody>(cancellationToken)).Succeeded(out var body, out var why)
            ? Answer(call, await links.DecideAsync(Token(call), body.Digest!, body.Decision == "approve", body.Comment, cancellationToken))
            : call.Refuse(why);

    private static IResult Answer(ApiCall call, Result<Approval> result) =>
        result.Succeeded(out var approval, out var why) ? call.Ok(ApprovalResource.Of(approval)) : call.Refuse(why);

    private static Approver Person(ApiCall call) => new(call.Principal, call.Key.Role, "api_key", "api");

    // Longer than any name.
    private static string Token(ApiCall call) => call.Http.Request.RouteValues["token"] is string { Length: <= 2000 } token ? token : "";
}

internal sealed record DecideBody
{
    [Required, AllowedValues("approve", "reject")]
    public string? Decision { get; init; }

    [Required, RegularExpression("^[0-9a-f]{64}$", ErrorMessage = "the SHA-256 that was shown, 64 hexadecimal digits.")]
    public string? Digest { get; init; }

    [StringLength(2000)]
    public string? Comment { get; init; }
}

internal sealed record LinkBody
{
    [Required, StringLength(200, MinimumLength = 1)]
    public string? For { get; init; }

    [Range(1, 10_080)]
    public int? Minutes { get; init; }
}

/// <param name="Path">Below the server's address. Whoever holds it answers in that person's name.</param>
internal sealed record LinkResource(string Path);

/// <param name="Shown">What is asked, exactly as the digest is over it.</param>
internal sealed record ApprovalResource(
    string Id, string Run, string Kind, string Status, string Digest, string Shown, JsonElement Subject, string RequestedBy, DateTimeOffset RequestedAt, DateTimeOffset ExpiresAt,
    IReadOnlyList<NeedResource> Needs, IReadOnlyList<AnswerResource> Answers)
{
    public static ApprovalResource Of(Approval approval) => new(
        approval.Id, approval.Run.Value, approval.Kind.ToString().ToLowerInvariant(), approval.Status.ToString().ToLowerInvariant(), approval.Digest, approval.Shown,
        JsonDocument.Parse(approval.Shown).RootElement, approval.RequestedBy, approval.RequestedAt, approval.ExpiresAt,
        [.. approval.Needs.Select(need => new NeedResource(need.Count, need.From, need.Because))],
        [.. approval.Answers.Select(answer => new AnswerResource(answer.By, answer.Approves ? "approve" : "reject", answer.Channel, answer.Comment, answer.At))]);
}

internal sealed record NeedResource(int Count, IReadOnlyList<string> From, IReadOnlyList<string> Because);

internal sealed record AnswerResource(string By, string Decision, string Channel, string? Comment, DateTimeOffset At);
