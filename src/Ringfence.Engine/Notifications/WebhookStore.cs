using System.Net;
using System.Security.Cryptography;
using Ringfence.Approvals;
using Ringfence.Runs;
using Ringfence.Storage;

namespace Ringfence.Notifications;

/// <summary>A webhook as it is listed: everything but its secret.</summary>
/// <param name="Delivered">Messages that arrived.</param>
/// <param name="Pending">Messages that are still tried.</param>
/// <param name="Dead">Messages that were given up.</param>
/// <param name="LastError">Of the latest message that has not arrived; null when all did.</param>
public sealed record Webhook(
    string Id, string Url, IReadOnlyList<string> Events, string CreatedBy, DateTimeOffset CreatedAt, long Delivered, long Pending, long Dead, string? LastError);

/// <summary>Who is told of runs.</summary>
public sealed class WebhookStore(Database database, TimeProvider time)
{
    public const int Most = 25;
    private const string SecretPrefix = "whsec_";

    /// <param name="events">Of <see cref="RunEvents.All"/>.</param>
    /// <param name="reachable">Private networks that webhooks may reach.</param>
    /// <returns>The webhook, and its secret as Standard Webhooks writes it: shown now and never again.</returns>
    /// <remarks>Failures, all at once: <c>bad_url</c>, <c>private_address</c>, <c>bad_event</c>, <c>too_many_webhooks</c>, <c>webhook_exists</c>.</remarks>
    public async Task<Result<(Webhook Webhook, string Secret)>> AddAsync(
        string url, IReadOnlyList<string> events, string by, IReadOnlyList<IPNetwork> reachable, CancellationToken cancellationToken)
    {
        var failures = new List<Failure>();

        if (WebhookAddress.Check(url, reachable) is { } bad)
        {
            failures.Add(bad);
        }

        if (events.Count == 0 || events.Except(RunEvents.All).Any())
        {
            failures.Add(new Failure("bad_event", $"Events are {string.Join(", ", RunEvents.All)}.", "Name at least one."));
        }

        if (failures.Count > 0)
        {
            return Result.Fail<(Webhook, string)>(failures);
        }

        var secret = RandomNumberGenerator.GetBytes(32);
        var webhook = new Webhook("whk_" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8)), url, [.. events.Distinct()], by, time.GetUtcNow(), 0, 0, 0, null);

        return await database.InTransactionAsync<Result<(Webhook, string)>>(
            async transaction =>
            {
                if (await transaction.QuerySingleAsync("select count(*) from webhooks", row => row.GetInt64(0), cancellationToken) >= Most)
                {
                    return new Failure("too_many_webhooks", $"There are {Most} webhooks, which is the most.", "Delete one.");
                }

                return await transaction.ExecuteAsync(
                    "insert into webhooks (id, url, events, secret, created_by, created_us) values (@id, @url, @events, @secret, @by, @now) on conflict do nothing",
                    cancellationToken, ("id", webhook.Id), ("url", url), ("events", string.Join(' ', webhook.Events)), ("secret", secret), ("by", by),
                    ("now", webhook.CreatedAt)) == 1
                    ? (webhook, SecretPrefix + Convert.ToBase64String(secret))
                    : new Failure("webhook_exists", "There is a webhook for this address already.", "Delete it first to change it.");
            },
            cancellationToken);
    }

    public Task<IReadOnlyList<Webhook>> ListAsync(CancellationToken cancellationToken) => database.QueryAsync(
        """
        select w.id, w.url, w.events, w.created_by, w.created_us,
               (select count(*) from deliveries d where d.webhook = w.id and d.status = 'delivered'),
               (select count(*) from deliveries d where d.webhook = w.id and d.status = 'pending'),
               (select count(*) from deliveries d where d.webhook = w.id and d.status = 'dead'),
               (select d.last_error from deliveries d where d.webhook = w.id and d.status <> 'delivered' and d.last_error is not null
                 order by d.created_us desc limit 1)
          from webhooks w order by w.created_us, w.id
        """,
        row => new Webhook(
            row.GetString(0), row.GetString(1), row.GetString(2).Split(' '), row.GetString(3), UnixTime.FromUnixTimeMicroseconds(row.GetInt64(4)), row.GetInt64(5),
            row.GetInt64(6), row.GetInt64(7), row.IsDBNull(8) ? null : row.GetString(8)),
        cancellationToken);

    /// <summary>Forgets a webhook; what was still to be sent to it is given up. False when there is none.</summary>
    public Task<bool> RemoveAsync(string id, CancellationToken cancellationToken) => database.InTransactionAsync(
        async transaction =>
        {
            await transaction.ExecuteAsync(
                "update deliveries set status = 'dead', ended_us = @now, last_error = 'the webhook was deleted' where webhook = @id and status = 'pending'", cancellationToken,
                ("id", id), ("now", time.GetUtcNow()));
            return await transaction.ExecuteAsync("delete from webhooks where id = @id", cancellationToken, ("id", id)) == 1;
        },
        cancellationToken);

    /// <summary>How the message to a run's own <c>callbackUrl</c> fares: <c>pending</c>, <c>delivered</c> or <c>failed</c>; null while there is none.</summary>
    public Task<string?> CallbackStatusAsync(RunId run, CancellationToken cancellationToken) => database.QuerySingleAsync<string?>(
        "select status from deliveries where run = @run and webhook is null and form = @form order by created_us desc limit 1",
        row => row.GetString(0) == "dead" ? "failed" : row.GetString(0), cancellationToken, ("run", run), ("form", Outbox.Webhook));

    /// <summary>What runs' own <c>callbackUrl</c>s are signed with, in the same form as a webhook's secret.</summary>
    public async Task<string> CallbackSecretAsync(CancellationToken cancellationToken) =>
        SecretPrefix + Convert.ToBase64String(await new SigningKeys(database).GetAsync(WebhookSender.CallbackKey, cancellationToken));
}
