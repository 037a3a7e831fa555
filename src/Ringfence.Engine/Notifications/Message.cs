using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Ringfence.Runs;

namespace Ringfence.Notifications;

/// <summary>What a webhook is sent: named like the API names it. Never rename a field.</summary>
internal sealed record WebhookBody(string Event, DateTimeOffset Timestamp, NotifiedRun Run);

internal sealed record NotifiedRun(
    string Id, string Status, string Phase, string Repo, string? Branch, string? Workflow, string? FailReason, string? Message, string? Output, decimal CostUsd,
    int NumTurns, DateTimeOffset CreatedAt, JsonElement? Metadata);

/// <summary>Slack's own names, which its look-alikes read too.</summary>
internal sealed record SlackBody(string Channel, string Text);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(WebhookBody))]
[JsonSerializable(typeof(SlackBody))]
internal sealed partial class MessageJson : JsonSerializerContext;

/// <summary>Says in bytes what became of a run. No prompt, no diff, nothing that an agent said at length: those stay behind the API's keys.</summary>
internal static class Message
{
    private const int LongestText = 500;
    private static readonly MessageJson Readable = new(new JsonSerializerOptions(MessageJson.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    public static string ForWebhook(Run run, string happened, DateTimeOffset now) => JsonSerializer.Serialize(
        new WebhookBody(happened, now, new NotifiedRun(
            run.Id.Value,
            run.Status switch { RunStatus.Completed => "completed", RunStatus.Failed => "failed", RunStatus.Cancelled => "cancelled", _ => "running" },
            RunStore.Name(run.Status), run.Request.Repository, run.Request.Ref, run.Request.Workflow, run.Reason?.ToName(), Cut(run.Message), run.Published,
            run.Cost.Dollars, run.Turns, run.CreatedAt, run.Request.Metadata is { } metadata ? JsonDocument.Parse(metadata).RootElement : null)),
        MessageJson.Default.WebhookBody);

    public static string ForSlack(Run run, string channel) => JsonSerializer.Serialize(
        new SlackBody(channel, run.Status switch
        {
            RunStatus.Waiting => $":raised_hand: Run `{run.Id}` of {Name(run)} waits for somebody to look at it: `ringfence approve {run.Id}`",
            RunStatus.Completed => $":white_check_mark: Run `{run.Id}` of {Name(run)} is done for {run.Cost}{(run.Published is { } place ? $": `{Escape(place)}`" : "")}",
            RunStatus.Cancelled => $":octagonal_sign: Run `{run.Id}` of {Name(run)} was cancelled",
            _ => $":x: Run `{run.Id}` of {Name(run)} failed: {Escape(Cut(run.Message) ?? run.Reason?.ToName() ?? "")}",
        }),
        Readable.SlackBody);

    private static string Name(Run run) => Escape(run.Request.Workflow ?? run.Request.Repository);

    // What an agent or a repository named must not become a link or call a channel together.
    private static string Escape(string text) => Printable.EscapeLines(text)
        .Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal).Replace(">", "&gt;", StringComparison.Ordinal);

    private static string? Cut(string? text) => text is { Length: > LongestText } ? text[..LongestText] + "…" : text;
}
