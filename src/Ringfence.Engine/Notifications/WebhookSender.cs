using System.Data.Common;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Ringfence.Approvals;
using Ringfence.Storage;
using Ringfence.Workflows;

namespace Ringfence.Notifications;

/// <summary>
/// Sends what is in the outbox, signed as Standard Webhooks says, until it arrives or eight tries over a day and a half have failed. A message keeps its
/// id over all tries, so that a receiver can tell a second arrival from a second event.
/// </summary>
public sealed class WebhookSender : IDisposable
{
    internal const string CallbackKey = "callback";

    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    /// <summary>How long one sender has a message before another may try it.</summary>
    private static readonly TimeSpan Hold = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan[] Waits =
    [
        TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(30), TimeSpan.FromHours(2), TimeSpan.FromHours(5), TimeSpan.FromHours(10),
        TimeSpan.FromHours(14),
    ];

    private const int AtOnce = 16;

    private readonly Database database;
    private readonly Func<ServerPolicy> policy;
    private readonly TimeProvider time;
    private readonly SigningKeys keys;
    private readonly HttpClient http;

    /// <param name="policy">Says where Slack is, and which private networks may be reached; asked anew for each message.</param>
    public WebhookSender(Database database, Func<ServerPolicy> policy, TimeProvider time)
    {
        this.database = database;
        this.policy = policy;
        this.time = time;
        keys = new SigningKeys(database);
        http = GuardedHttp.Create(() => policy().WebhookNetworks);
    }

    /// <summary>Sends until <paramref name="stopping"/>. What could not be sent by then is sent by the next process.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(Look, time);

        try
        {
            do
            {
                try
                {
                    await SendDueAsync(stopping);
                }
                catch (DbException)
                {
                    // The rows are where they were; the next look finds them.
                }
            }
            while (await timer.WaitForNextTickAsync(stopping));
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
    }

    /// <summary>Tries everything that is due, once, and returns how many messages arrived.</summary>
    public async Task<int> SendDueAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var due = await database.QueryAsync(
            "select id from deliveries where status = 'pending' and next_us <= @now order by next_us limit @most", row => row.GetString(0), cancellationToken,
            ("now", now), ("most", (long)AtOnce));
        var arrived = await Task.WhenAll(due.Select(id => SendAsync(id, cancellationToken)));
        return arrived.Count(did => did);
    }

    public void Dispose() => http.Dispose();

    private async Task<bool> SendAsync(string id, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();

        // Whoever moves the time forward has the message.
        if (await database.ExecuteAsync(
            "update deliveries set next_us = @until where id = @id and status = 'pending' and next_us <= @now", cancellationToken, ("id", id), ("now", now),
            ("until", now + Hold)) != 1)
        {
            return false;
        }

        var delivery = await database.QuerySingleAsync(
            "select d.url, d.form, d.body, d.attempts, w.secret from deliveries d left join webhooks w on w.id = d.webhook where d.id = @id",
            row => new Due(row.GetString(0), row.GetString(1), row.GetString(2), row.GetInt64(3), row.IsDBNull(4) ? null : row.GetFieldValue<byte[]>(4)),
            cancellationToken, ("id", id));
        var (status, error) = await PostAsync(id, delivery!, now, cancellationToken);
        var attempts = delivery!.Attempts + 1;
        var arrived = error is null;

        // 410 says that nobody wants it any more.
        var dead = !arrived && (status == 410 || attempts > Waits.Length);
        var wait = arrived || dead ? TimeSpan.Zero : Waits[attempts - 1] * (1 + RandomNumberGenerator.GetInt32(0, 100) / 1000.0);

        await database.ExecuteAsync(
            """
            update deliveries
               set status = @status, attempts = @attempts, next_us = @next, last_status = @code, last_error = @error, ended_us = @ended
             where id = @id
            """,
            CancellationToken.None,
            ("id", id), ("status", arrived ? "delivered" : dead ? "dead" : "pending"), ("attempts", attempts), ("next", now + wait),
            ("code", status is { } code ? (long)code : null), ("error", error), ("ended", arrived || dead ? time.GetUtcNow() : null));
        return arrived;
    }

    /// <summary>The answer's status, and why it does not count as arrived.</summary>
    private async Task<(int? Status, string? Error)> PostAsync(string id, Due delivery, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var url = delivery.Form == Outbox.Slack ? policy().Slack?.AbsoluteUri : delivery.Url;

        if (url is null)
        {
            return (null, "the policy has no slack_url");
        }

        using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new StringContent(delivery.Body, Encoding.UTF8, "application/json") };

        if (delivery.Form == Outbox.Webhook)
        {
            var timestamp = now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
            var secret = delivery.Secret ?? await keys.GetAsync(CallbackKey, cancellationToken);
            request.Headers.Add("webhook-id", id);
            request.Headers.Add("webhook-timestamp", timestamp);
            request.Headers.Add("webhook-signature", "v1," + Convert.ToBase64String(HMACSHA256.HashData(secret, Encoding.UTF8.GetBytes($"{id}.{timestamp}.{delivery.Body}"))));
        }

        try
        {
            using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            return ((int)answer.StatusCode, answer.IsSuccessStatusCode ? null : $"answered {(int)answer.StatusCode}");
        }
        catch (Exception failed) when (failed is HttpRequestException or IOException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return (null, Printable.Escape(failed is TaskCanceledException ? "no answer within 15 seconds" : failed.InnerException?.Message ?? failed.Message));
        }
    }

    private sealed record Due(string Url, string Form, string Body, long Attempts, byte[]? Secret);
}
