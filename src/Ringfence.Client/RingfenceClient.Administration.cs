using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;

namespace Ringfence.Client;

/// <summary>The record's proof, and what admins and approvers look after: webhooks, waivers, keys, triggers.</summary>
public sealed partial class RingfenceClient
{
    /// <summary>Recomputes the chain of a run's record.</summary>
    public Task<Verified> VerifyAsync(string run, CancellationToken cancellationToken = default) =>
        GetAsync($"v1/audit/verify/{Part(run)}", ClientJson.Default.Verified, cancellationToken);

    /// <summary>Where lines of a file come from: an array of groups of lines, each with its commit and its runs.</summary>
    /// <param name="repo">A path below one of the server's repository roots.</param>
    /// <param name="first">From 1; null for the whole file.</param>
    public Task<JsonElement> BlameAsync(string repo, string file, int? first = null, int? last = null, CancellationToken cancellationToken = default) => GetAsync(
        $"v1/blame?repo={Part(repo)}&file={Part(file)}" + (first is { } from ? string.Create(CultureInfo.InvariantCulture, $"&first={from}&last={last ?? from}") : ""),
        ClientJson.Default.JsonElement, cancellationToken);

    public Task<IReadOnlyList<WebhookInfo>> ListWebhooksAsync(CancellationToken cancellationToken = default) =>
        GetAsync("v1/webhooks", ClientJson.Default.IReadOnlyListWebhookInfo, cancellationToken);

    /// <summary>Makes a webhook. Its secret is in this answer and nowhere else.</summary>
    public Task<WebhookInfo> CreateWebhookAsync(NewWebhook webhook, CancellationToken cancellationToken = default) =>
        PostAsync("v1/webhooks", ClientJson.Default.WebhookInfo, JsonContent.Create(webhook, ClientJson.Default.NewWebhook), cancellationToken);

    public Task DeleteWebhookAsync(string id, CancellationToken cancellationToken = default) => SendAsync(HttpMethod.Delete, $"v1/webhooks/{Part(id)}", null, cancellationToken);

    /// <summary>What messages to the callbackUrl of runs are signed with.</summary>
    public async Task<string> GetCallbackSecretAsync(CancellationToken cancellationToken = default) =>
        (await GetAsync("v1/webhooks/callback-secret", ClientJson.Default.SecretInfo, cancellationToken)).Secret;

    public Task<IReadOnlyList<WaiverInfo>> ListWaiversAsync(CancellationToken cancellationToken = default) =>
        GetAsync("v1/waivers", ClientJson.Default.IReadOnlyListWaiverInfo, cancellationToken);

    /// <summary>Lets findings of a gate pass for a while, in the caller's name.</summary>
    public Task<WaiverInfo> WaiveAsync(NewWaiver waiver, CancellationToken cancellationToken = default) =>
        PostAsync("v1/waivers", ClientJson.Default.WaiverInfo, JsonContent.Create(waiver, ClientJson.Default.NewWaiver), cancellationToken);

    public Task RevokeWaiverAsync(string id, CancellationToken cancellationToken = default) => SendAsync(HttpMethod.Delete, $"v1/waivers/{Part(id)}", null, cancellationToken);

    public Task<IReadOnlyList<KeyInfo>> ListKeysAsync(CancellationToken cancellationToken = default) =>
        GetAsync("v1/keys", ClientJson.Default.IReadOnlyListKeyInfo, cancellationToken);

    /// <summary>Makes a key. Its secret is in this answer and nowhere else.</summary>
    public Task<KeyInfo> CreateKeyAsync(NewKey key, CancellationToken cancellationToken = default) =>
        PostAsync("v1/keys", ClientJson.Default.KeyInfo, JsonContent.Create(key, ClientJson.Default.NewKey), cancellationToken);

    public Task RevokeKeyAsync(string id, CancellationToken cancellationToken = default) => SendAsync(HttpMethod.Delete, $"v1/keys/{Part(id)}", null, cancellationToken);

    /// <summary>When schedules fire next, and what arrived last.</summary>
    public Task<TriggersInfo> ListTriggersAsync(CancellationToken cancellationToken = default) => GetAsync("v1/triggers", ClientJson.Default.TriggersInfo, cancellationToken);

    /// <summary>Lets in what is held, so that its runs start, or refuses it for good.</summary>
    public Task DecideTriggerAsync(string delivery, bool letsIn, CancellationToken cancellationToken = default) =>
        SendAsync(HttpMethod.Post, $"v1/triggers/{Part(delivery)}/{(letsIn ? "accept" : "refuse")}", null, cancellationToken);

    private Task<T> PostAsync<T>(string path, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> contract, HttpContent body, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, path, contract, body, null, cancellationToken);
}
