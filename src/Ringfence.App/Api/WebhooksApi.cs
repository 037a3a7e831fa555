using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http;
using Ringfence.Access;
using Ringfence.App.Cli;
using Ringfence.Client;
using Ringfence.Notifications;
using Ringfence.Workflows;

namespace Ringfence.App.Api;

/// <summary><c>/v1/webhooks</c>: who is told of runs.</summary>
internal sealed class WebhooksApi(Home home)
{
    private readonly WebhookStore webhooks = new(home.Database, TimeProvider.System);

    public void Map(ApiSurface api)
    {
        api.Map(new("GET", "/v1/webhooks", Role.Admin, "Lists the webhooks and how they fare, without their secrets.") { Answer = ApiJson.Default.IReadOnlyListWebhookInfo }, ListAsync);
        api.Map(new("POST", "/v1/webhooks", Role.Admin, "Makes a webhook. Its secret is in this answer and nowhere else.") { Body = ApiJson.Default.CreateWebhookBody, Answer = ApiJson.Default.WebhookInfo, Status = 201 }, CreateAsync);
        api.Map(new("DELETE", "/v1/webhooks/{id}", Role.Admin, "Deletes a webhook. What was still to be sent to it is given up.") { Status = 204 }, DeleteAsync);
        api.Map(new("GET", "/v1/webhooks/callback-secret", Role.Admin, "What messages to the callbackUrl of runs are signed with.") { Answer = ApiJson.Default.SecretInfo }, CallbackSecretAsync);
    }

    private async Task<IResult> ListAsync(ApiCall call, CancellationToken cancellationToken) =>
        call.Ok<IReadOnlyList<WebhookInfo>>([.. (await webhooks.ListAsync(cancellationToken)).Select(webhook => Show(webhook))]);

    private async Task<IResult> CreateAsync(ApiCall call, CancellationToken cancellationToken)
    {
        if (!(await call.BodyAsync<CreateWebhookBody>(cancellationToken)).Succeeded(out var body, out var why) || !PolicyFile.Of(home.Folder).Succeeded(out var policy, out why))
        {
            return call.Refuse(why);
        }

        return (await webhooks.AddAsync(body.Url!, body.Events!, call.Principal, policy.WebhookNetworks, cancellationToken)).Succeeded(out var made, out why)
            ? call.Ok(Show(made.Webhook, made.Secret))
            : call.Refuse(why);
    }

    private async Task<IResult> DeleteAsync(ApiCall call, CancellationToken cancellationToken) =>
        await webhooks.RemoveAsync(call.Route("id"), cancellationToken)
            ? Results.NoContent()
            : call.Refuse([new Failure("unknown_webhook", "There is no such webhook.", "GET /v1/webhooks lists them.")]);

    private async Task<IResult> CallbackSecretAsync(ApiCall call, CancellationToken cancellationToken) =>
        call.Ok(new SecretInfo(await webhooks.CallbackSecretAsync(cancellationToken)));

    private static WebhookInfo Show(Webhook webhook, string? secret = null) => new(
        webhook.Id, webhook.Url, webhook.Events, webhook.CreatedBy, webhook.CreatedAt,
        new WebhookHealth(webhook.Delivered, webhook.Pending, webhook.Dead, webhook.LastError), secret);
}

internal sealed record CreateWebhookBody
{
    [Description("An https address. Private networks are refused unless the server's policy names them.")]
    [Required, StringLength(WebhookAddress.Longest, MinimumLength = 1)]
    public string? Url { get; init; }

    [Description("Of run.completed, run.failed, run.cancelled and run.waiting.")]
    [Required, Texts(4, 20)]
    public IReadOnlyList<string>? Events { get; init; }
}
