using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http;
using Ringfence.Access;
using Ringfence.Approvals;
using Ringfence.Client;
using Ringfence.Review;
using Ringfence.Storage;

namespace Ringfence.App.Api;

/// <summary><c>/v1/waivers</c>: signed decisions that findings of a gate pass for a while.</summary>
internal sealed class WaiversApi(Database database, RepositoryRules repositories)
{
    private readonly WaiverStore waivers = new(database, TimeProvider.System);

    public void Map(ApiSurface api)
    {
        api.Map(new("GET", "/v1/waivers", Role.Viewer, "Lists all waivers that were ever given, the newest first.") { Answer = ApiJson.Default.IReadOnlyListWaiverInfo }, ListAsync);
        api.Map(new("POST", "/v1/waivers", Role.Approver, "Lets findings of a gate pass for a while, in the caller's name. It counts in no run of the caller.") { Body = ApiJson.Default.CreateWaiverBody, Answer = ApiJson.Default.WaiverInfo, Status = 201 }, CreateAsync);
        api.Map(new("DELETE", "/v1/waivers/{id}", Role.Approver, "Takes a waiver back.") { Status = 204 }, RevokeAsync);
    }

    private async Task<IResult> ListAsync(ApiCall call, CancellationToken cancellationToken) =>
        call.Ok<IReadOnlyList<WaiverInfo>>([.. (await waivers.ListAsync(cancellationToken)).Select(Show)]);

    private async Task<IResult> CreateAsync(ApiCall call, CancellationToken cancellationToken)
    {
        if (!(await call.BodyAsync<CreateWaiverBody>(cancellationToken)).Succeeded(out var body, out var why))
        {
            return call.Refuse(why);
        }

        // As runs name it: a waiver for a name that no run has would never count.
        var repo = body.Repo;

        if (repo is not null && !repositories.Resolve(repo).Succeeded(out repo, out why))
        {
            return call.Refuse(why);
        }

        var waiver = new Waiver(body.Gate!, body.Place!, call.Principal, body.Reason!, TimeProvider.System.GetUtcNow() + TimeSpan.FromSeconds(body.ExpiresInSeconds ?? CreateWaiverBody.UsualSeconds));
        return (await waivers.AddAsync(waiver, repo, new Approver(call.Principal, call.Key.Role, "api_key", "api"), cancellationToken)).Succeeded(out var known, out why)
            ? call.Ok(Show(known))
            : call.Refuse(why);
    }

    private async Task<IResult> RevokeAsync(ApiCall call, CancellationToken cancellationToken) =>
        await waivers.RevokeAsync(call.Route("id"), call.Principal, cancellationToken)
            ? Results.NoContent()
            : call.Refuse([new Failure("unknown_waiver", "There is no such waiver in force.", "GET /v1/waivers lists them.")]);

    private static WaiverInfo Show(KnownWaiver known) => new(
        known.Id, known.Waiver.Gate, known.Waiver.Place, known.Repository, known.Waiver.By, known.Waiver.Reason, known.Created, known.Waiver.Expires, known.RevokedBy,
        known.IsGenuine);
}

internal sealed record CreateWaiverBody
{
    public const int UsualSeconds = 30 * 86_400;

    [Description("Gate as in its findings, such as size.")]
    [Required, StringLength(100, MinimumLength = 1), RegularExpression("^[a-z_]+$", ErrorMessage = "a gate as its findings name it, such as size.")]
    public string? Gate { get; init; }

    [Description("Path or glob of the finding; . is the change as a whole.")]
    [Required, StringLength(500, MinimumLength = 1)]
    public string? Place { get; init; }

    [Description("Goes on the record of every run that it lets pass.")]
    [Required, StringLength(500, MinimumLength = 1)]
    public string? Reason { get; init; }

    [Description("Only in this repository. Default: everywhere.")]
    [StringLength(2048, MinimumLength = 1)]
    public string? Repo { get; init; }

    [Description("At most a year. Default: 30 days.")]
    [Range(1, 31_536_000)]
    public int? ExpiresInSeconds { get; init; }
}
