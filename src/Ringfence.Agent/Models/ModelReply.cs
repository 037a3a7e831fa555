using System.Text.Json.Nodes;

namespace Ringfence.Agent.Models;

/// <summary>What the model answered, whole.</summary>
/// <param name="StopReason"><c>end_turn</c>, <c>tool_use</c>, <c>max_tokens</c>, <c>refusal</c>, <c>pause_turn</c>, …</param>
/// <param name="RequestId">The provider's name of the call, for support.</param>
internal sealed record ModelReply(string Id, string Model, JsonArray Content, string? StopReason, TokenUsage Usage, string? RequestId)
{
    public IEnumerable<JsonObject> ToolUses => Content.OfType<JsonObject>().Where(b => b.Text("type") == "tool_use");

    public string Text => string.Concat(Content.OfType<JsonObject>().Where(b => b.Text("type") == "text").Select(b => b.Text("text")));
}

/// <summary>Why a model call has no answer.</summary>
/// <param name="Status">The HTTP status; null when there was no complete answer at all.</param>
/// <param name="Type">The provider's error type, or <c>connection_error</c>, <c>stream_cut</c>, <c>malformed_response</c>.</param>
/// <param name="ShouldRetry">What the provider itself said about trying again.</param>
internal sealed record ModelFailure(int? Status, string Type, string Message, TimeSpan? RetryAfter = null, bool? ShouldRetry = null, string? RequestId = null)
{
    /// <summary>The request had reached the provider when the connection broke.</summary>
    public bool MayBeBilled { get; init; }

    /// <summary>The conversation does not fit the model's window: less must be sent, trying again is of no use.</summary>
    public bool IsTooLong => Status is 400 or 413
        && (Message.Contains("too long", StringComparison.OrdinalIgnoreCase)
            || Message.Contains("context length", StringComparison.OrdinalIgnoreCase)
            || Message.Contains("context window", StringComparison.OrdinalIgnoreCase)
            || Message.Contains("maximum context", StringComparison.OrdinalIgnoreCase));

    // 402 and 403 are how a gateway says "the budget is spent" and "stopped": asking again would only hammer it.
    public bool IsWorthRetrying => ShouldRetry ?? Status switch
    {
        null => Type != "malformed_response",
        408 or 409 or 429 => true,
        >= 500 => true,
        200 => true,
        _ => false,
    };
}

internal abstract record ModelAnswer
{
    public sealed record Replied(ModelReply Reply) : ModelAnswer;

    public sealed record Failed(ModelFailure Failure) : ModelAnswer;
}
