using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ringfence.Client;

internal sealed record Decision(string Answer, string Digest, string? Comment)
{
    [JsonPropertyName("decision")]
    public string Answer { get; init; } = Answer;
}

internal sealed record BudgetLimit(string Scope, decimal LimitUsd);

internal sealed record ScopeName(string Scope);

/// <summary>Why the server refused.</summary>
public sealed record ProblemInfo(string Code, string Detail, int Status, string? Hint, string? RequestId, IReadOnlyList<ProblemDetail>? Errors);

public sealed record ProblemDetail(string Code, string Message, string? Hint);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(NewRun))]
[JsonSerializable(typeof(CreatedRun))]
[JsonSerializable(typeof(RunInfo))]
[JsonSerializable(typeof(RunPage))]
[JsonSerializable(typeof(ChangedFiles))]
[JsonSerializable(typeof(ApprovalInfo))]
[JsonSerializable(typeof(IReadOnlyList<ApprovalInfo>))]
[JsonSerializable(typeof(IReadOnlyList<BudgetInfo>))]
[JsonSerializable(typeof(Table))]
[JsonSerializable(typeof(Decision))]
[JsonSerializable(typeof(BudgetLimit))]
[JsonSerializable(typeof(ScopeName))]
[JsonSerializable(typeof(Resumption))]
[JsonSerializable(typeof(NewWebhook))]
[JsonSerializable(typeof(WebhookInfo))]
[JsonSerializable(typeof(IReadOnlyList<WebhookInfo>))]
[JsonSerializable(typeof(SecretInfo))]
[JsonSerializable(typeof(NewWaiver))]
[JsonSerializable(typeof(WaiverInfo))]
[JsonSerializable(typeof(IReadOnlyList<WaiverInfo>))]
[JsonSerializable(typeof(NewKey))]
[JsonSerializable(typeof(KeyInfo))]
[JsonSerializable(typeof(IReadOnlyList<KeyInfo>))]
[JsonSerializable(typeof(Verified))]
[JsonSerializable(typeof(TriggersInfo))]
[JsonSerializable(typeof(JsonElement))]
[JsonSerializable(typeof(ProblemInfo))]
internal sealed partial class ClientJson : JsonSerializerContext;
