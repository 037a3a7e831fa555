using System.Security.Cryptography;
using Ringfence.Runs;
using Ringfence.Storage;

namespace Ringfence.Notifications;

/// <summary>Messages to be sent, as rows. They are written in the transaction of what they tell: nothing is told that did not happen, and nothing forgotten.</summary>
internal static class Outbox
{
    public const string Webhook = "webhook";
    public const string Slack = "slack";

    public static async Task AddAsync(DatabaseTransaction transaction, Run run, DateTimeOffset now)
    {
        if (RunEvents.Of(run.Status) is not { } happened)
        {
            return;
        }

        var hooks = await transaction.QueryAsync(
            "select id, url, events from webhooks", row => (Id: row.GetString(0), Url: row.GetString(1), Events: row.GetString(2)), CancellationToken.None);
        var body = Message.ForWebhook(run, happened, now);

        foreach (var (id, url, _) in hooks.Where(hook => hook.Events.Split(' ').Contains(happened)))
        {
            await AddAsync(transaction, id, run, happened, url, Webhook, body, now);
        }

        if (run.Request.CallbackUrl is { } callback && run.Status is not RunStatus.Waiting)
        {
            await AddAsync(transaction, null, run, happened, callback, Webhook, body, now);
        }

        if (run.Request.Slack is { } channel)
        {
            // Where the server's Slack address is, only its policy says; it may change until this is sent.
            await AddAsync(transaction, null, run, happened, "", Slack, Message.ForSlack(run, channel), now);
        }
    }

    private static Task AddAsync(
        DatabaseTransaction transaction, string? webhook, Run run, string happened, string url, string form, string body, DateTimeOffset now) =>
        transaction.ExecuteAsync(
            """
            insert into deliveries (id, webhook, run, event, url, form, body, status, next_us, created_us)
            values (@id, @webhook, @run, @event, @url, @form, @body, 'pending', @now, @now)
            """,
            CancellationToken.None,
            ("id", "msg_" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16))), ("webhook", webhook), ("run", run.Id), ("event", happened),
            ("url", url), ("form", form), ("body", body), ("now", now));
}
