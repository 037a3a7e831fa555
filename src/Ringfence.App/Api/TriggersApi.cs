using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Ringfence.Access;
using Ringfence.App.Cli;
using Ringfence.Approvals;
using Ringfence.Client;
using Ringfence.Triggers;
using Ringfence.Workflows;

namespace Ringfence.App.Api;

/// <summary><c>/v1/hooks</c> takes webhooks of code hosts; <c>/v1/triggers</c> shows what arrived and what is due, and lets in what is held.</summary>
internal sealed class TriggersApi(Home home)
{
    internal const int Shown = 50;

    private readonly TriggerStore store = new(home.Database, TimeProvider.System);

    public void Map(ApiSurface api)
    {
        api.Map(new("POST", "/v1/hooks/{name}", null, "Takes a webhook of a code host, signed with the secret of the trigger of this name. No key: the signature stands for it.")
        {
            Headers = ["X-Hub-Signature-256", "X-GitHub-Event", "X-GitHub-Delivery", "X-Gitlab-Token", "X-Gitlab-Event-UUID"], Answer = ApiJson.Default.HookResource, Status = 202,
        }, TakeAsync);
        api.Map(new("GET", "/v1/triggers", Role.Viewer, "When schedules fire next, and what arrived last.") { Answer = ApiJson.Default.TriggersInfo }, ListAsync);
        api.Map(new("POST", "/v1/triggers/{id}/accept", Role.Approver, "Lets in what is held: its runs start.") { Status = 204 }, (call, token) => DecideAsync(call, true, token));
        api.Map(new("POST", "/v1/triggers/{id}/refuse", Role.Approver, "Refuses for good what is held.") { Status = 204 }, (call, token) => DecideAsync(call, false, token));
    }

    private async Task<IResult> TakeAsync(ApiCall call, CancellationToken cancellationToken)
    {
        using var body = new MemoryStream();

        try
        {
            await call.Http.Request.Body.CopyToAsync(body, cancellationToken);
        }
        catch (BadHttpRequestException refused) when (refused.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return call.Refuse([new Failure("body_too_large", "The body is larger than this server takes.", "--max-body")]);
        }

        if (!PolicyFile.Of(home.Folder).Succeeded(out var policy, out var why))
        {
            return call.Refuse(why);
        }

        var source = policy.Triggers.FirstOrDefault(known => known.Name == call.Route("name"));
        var arrival = new WebhookArrival(name => call.Http.Request.Headers[name].ToString(), body.GetBuffer().AsMemory(0, (int)body.Length));

        return (await new WebhookDoor(store, Environment.GetEnvironmentVariable).TakeAsync(source, arrival, cancellationToken)).Succeeded(out var status, out why)
            ? call.Ok(new HookResource(status), StatusCodes.Status202Accepted)
            : why[0].Code == "bad_signature" ? call.Refuse(StatusCodes.Status401Unauthorized, why[0]) : call.Refuse(why);
    }

    private async Task<IResult> ListAsync(ApiCall call, CancellationToken cancellationToken) => call.Ok(await TriggersResource.OfAsync(store, Shown, cancellationToken));

    private async Task<IResult> DecideAsync(ApiCall call, bool letsIn, CancellationToken cancellationToken)
    {
        if (!PolicyFile.Of(home.Folder).Succeeded(out var policy, out var why))
        {
            return call.Refuse(why);
        }

        var person = new Approver(call.Principal, call.Key.Role, "api_key", "api");
        return await TriggerDecision.DecideAsync(store, policy.Triggers, call.Route("id"), letsIn, person, cancellationToken) is { } refused ? call.Refuse([refused]) : Results.NoContent();
    }
}

/// <param name="Status"><c>received</c>, <c>held</c>, <c>repeated</c> or <c>ignored</c>.</param>
internal sealed record HookResource(string Status);

/// <summary>Triggers as the API and the command show them.</summary>
internal static class TriggersResource
{
    public static async Task<TriggersInfo> OfAsync(TriggerStore store, int most, CancellationToken cancellationToken) => new(
        [.. (await store.SchedulesAsync(cancellationToken)).Select(row => new ScheduleInfo(row.Source, row.Workflow, row.Cron, row.Next))],
        [.. (await store.ListAsync(most, cancellationToken)).Select(Of)]);

    private static DeliveryInfo Of(Delivery delivery) => new(
        delivery.Id, delivery.Source, JsonNamingPolicy.SnakeCaseLower.ConvertName(delivery.Event.Kind.ToString()), delivery.Event.Workflow, delivery.Event.Number, delivery.Event.Author,
        delivery.Event.Title, delivery.Event.Url, delivery.Status, delivery.Detail, delivery.ApprovedBy, delivery.Runs, delivery.ReceivedAt);
}
