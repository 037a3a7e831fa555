using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ringfence.Client;

/// <param name="Shown">What is asked, exactly as the digest is over it.</param>
public sealed record ApprovalInfo(
    string Id, string Run, string Kind, string Status, string Digest, string Shown, string RequestedBy, DateTimeOffset RequestedAt, DateTimeOffset ExpiresAt);

public sealed record BudgetInfo(string Scope, decimal? LimitUsd, decimal SpentUsd, decimal HeldUsd, string? Stop);

/// <summary>An answer of the record: names of columns, then rows of numbers, texts, truths and nulls.</summary>
public sealed record Table(IReadOnlyList<string> Columns, IReadOnlyList<IReadOnlyList<JsonElement>> Rows, bool More);

public sealed record NewWebhook(string Url, IReadOnlyList<string> Events);

/// <param name="Health">How its messages fare.</param>
/// <param name="Secret">In the one answer that creates it; deliveries are signed with it as Standard Webhooks says.</param>
public sealed record WebhookInfo(string Id, string Url, IReadOnlyList<string> Events, string CreatedBy, DateTimeOffset CreatedAt, WebhookHealth Health, string? Secret);

/// <param name="Pending">Messages that are still tried.</param>
/// <param name="Dead">Messages that were given up.</param>
/// <param name="LastError">Of the latest message that has not arrived.</param>
public sealed record WebhookHealth(long Delivered, long Pending, long Dead, string? LastError);

public sealed record SecretInfo(string Secret);

/// <param name="Place">Path or glob of the finding; <c>.</c> is the change as a whole.</param>
/// <param name="Reason">Goes on the record of every run that it lets pass.</param>
/// <param name="Repo">Only in this repository; null everywhere.</param>
/// <param name="ExpiresInSeconds">At most a year; null is 30 days.</param>
public sealed record NewWaiver(string Gate, string Place, string Reason, string? Repo = null, int? ExpiresInSeconds = null);

/// <param name="Genuine">It is as it was signed.</param>
public sealed record WaiverInfo(
    string Id, string Gate, string Place, string? Repository, string By, string Reason, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt, string? RevokedBy, bool Genuine);

public sealed record NewKey(string Name, string Role);

/// <param name="Key">The secret, in the one answer that creates it.</param>
public sealed record KeyInfo(string Id, string Name, string Role, DateTimeOffset CreatedAt, DateTimeOffset? RevokedAt, string? Key);

/// <param name="Head">Hash of the run's last event.</param>
public sealed record Verified([property: JsonPropertyName("verified")] bool IsIntact, long Events, string? Head, IReadOnlyList<VerifiedProblem> Problems);

/// <param name="Seq">Event that it is about; -1 for the chain as a whole.</param>
public sealed record VerifiedProblem(string Code, long Seq, string Message);

/// <summary>What starts by itself: when schedules fire next, and what arrived last.</summary>
public sealed record TriggersInfo(IReadOnlyList<ScheduleInfo> Schedules, IReadOnlyList<DeliveryInfo> Deliveries);

/// <param name="Trigger">As the server's policy names it.</param>
public sealed record ScheduleInfo(string Trigger, string Workflow, string Cron, DateTimeOffset Next);

/// <summary>One arrival at a trigger.</summary>
/// <param name="Event"><c>cron</c>, <c>issue</c>, <c>pull_request</c>, <c>push</c> or <c>comment</c>.</param>
/// <param name="Workflow">The one whose schedule fired; null for what came from a code host.</param>
/// <param name="Number">Of the issue or pull request; 0 where there is none.</param>
/// <param name="Status"><c>received</c>, <c>held</c>, <c>started</c>, <c>ignored</c>, <c>missed</c>, <c>refused</c> or <c>failed</c>.</param>
public sealed record DeliveryInfo(
    string Id, string Trigger, string Event, string? Workflow, long Number, string Author, string Title, string Url, string Status, string? Detail, string? ApprovedBy,
    IReadOnlyList<string> Runs, DateTimeOffset ReceivedAt);
