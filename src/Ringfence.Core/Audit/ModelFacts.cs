namespace Ringfence.Audit;

/// <param name="MaxTokensAsked">What the agent's request said; 0 when it said nothing.</param>
/// <param name="MaxTokensSent">What went upstream after the clamp.</param>
/// <param name="RequestDigest">SHA-256 of the body as the agent sent it.</param>
/// <param name="PrefixDigests">Digests of the growing conversation: equal prefixes have equal digests.</param>
public sealed record ModelRequested(
    string Call, string Provider, string ModelAsked, string ModelUsed, long BodyBytes, long MaxTokensAsked, long MaxTokensSent,
    string RequestDigest, IReadOnlyList<string> PrefixDigests) : AuditFact
{
    public override string Type => "model.request";
}

/// <param name="Complete">False when the stream was cut, by either side.</param>
public sealed record ModelResponded(
    string Call, int Status, string? StopReason, long InputTokens, long CacheReadTokens, long CacheWrite5mTokens, long CacheWrite1hTokens,
    long OutputTokens, long ReasoningTokens, long FirstByteMicroseconds, long DurationMicroseconds, long CostNanodollars, bool UsageKnown,
    bool Complete) : AuditFact
{
    public override string Type => "model.response";
}

public sealed record ModelFailed(string Call, int Status, string Code, string Message) : AuditFact
{
    public override string Type => "model.error";
}

/// <summary>A request was answered from a cassette: nothing was sent, nothing was spent.</summary>
/// <param name="Exchange">Which exchange of the cassette, from 1.</param>
/// <param name="Match"><c>exact</c>, or <c>volatile</c> when declared volatile fields differ.</param>
public sealed record ModelReplayed(string Call, int Exchange, string Match) : AuditFact
{
    public override string Type => "model.replayed";
}

public sealed record ContextSegment(string Kind, string Digest, long Bytes, long Tokens, string Source);

public sealed record ContextComposed(string Call, IReadOnlyList<ContextSegment> Segments) : AuditFact
{
    public override string Type => "context.composed";
}

/// <param name="Kind"><c>compaction</c>, <c>cleared_tool_results</c> or <c>edited_prefix</c>.</param>
public sealed record ContextChanged(
    string Call, string Kind, IReadOnlyList<string> DroppedDigests, long TokensBefore, long TokensAfter, bool PinsPresent) : AuditFact
{
    public override string Type => "context.changed";
}

public sealed record ToolCalled(string Tool, string CallId, string Input, string InputDigest) : AuditFact
{
    public override string Type => "tool.called";
}

public sealed record ToolReturned(string Tool, string CallId, bool IsError, long Bytes, string Summary, string OutputDigest) : AuditFact
{
    public override string Type => "tool.returned";
}
