using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ringfence.Client;

/// <summary>What to run. What is left out is the server's default, or the template's.</summary>
public sealed record NewRun
{
    /// <summary><c>owner/repo</c>, a URL, or a path on the server below one of its repository roots.</summary>
    public required string Repo { get; init; }

    /// <summary>1 to 50,000 characters.</summary>
    public required string Prompt { get; init; }

    public string? Branch { get; init; }

    public string? Template { get; init; }

    /// <summary>A model id, or <c>sonnet</c>, <c>opus</c>, <c>haiku</c>.</summary>
    public string? Model { get; init; }

    public Guardrails? Guardrails { get; init; }

    /// <summary>Variables inside the sandboxes. They are on the record: no secrets.</summary>
    public IReadOnlyDictionary<string, string>? Env { get; init; }

    /// <summary><c>s</c>, <c>m</c> or <c>l</c>.</summary>
    public string? Size { get; init; }

    public string? Agent { get; init; }

    /// <summary>Command lines that must pass on exactly the tree to be published.</summary>
    public IReadOnlyList<string>? Done { get; init; }

    /// <summary>1 to 10.</summary>
    public int? Attempts { get; init; }

    /// <summary>Hosts that may be reached.</summary>
    public IReadOnlyList<string>? Network { get; init; }

    /// <summary><c>branch</c>, <c>patch</c> or <c>none</c>.</summary>
    public string? Output { get; init; }

    /// <summary>What people must see first, at most 20 rules.</summary>
    public IReadOnlyList<ApprovalDemand>? Approve { get; init; }

    /// <summary>Where the run's ending is posted, signed: an https address.</summary>
    public string? CallbackUrl { get; init; }

    /// <summary>At most 50 keys and 4 KB; given back as it came.</summary>
    public JsonElement? Metadata { get; init; }
}

/// <param name="Kind"><c>plan</c>, <c>network</c>, <c>budget</c> or <c>diff</c>.</param>
/// <param name="Count">How many different people, 1 to 10; default 1.</param>
/// <param name="From">Groups of the server's policy, or people; default everyone who may approve.</param>
/// <param name="Paths">Globs, for <c>diff</c> alone.</param>
/// <param name="WithinSeconds">60 to 2,592,000; default 7 days.</param>
/// <param name="RaiseUsd">For <c>budget</c> alone, 0.01 to 1,000.</param>
public sealed record ApprovalDemand(
    string Kind, int? Count = null, IReadOnlyList<string>? From = null, IReadOnlyList<string>? Paths = null, int? WithinSeconds = null, decimal? RaiseUsd = null);

/// <param name="MaxTurns">1 to 1,000.</param>
/// <param name="MaxCostUsd">0.01 to 1,000.</param>
/// <param name="TimeoutSeconds">30 to 3,600.</param>
public sealed record Guardrails(int? MaxTurns = null, decimal? MaxCostUsd = null, int? TimeoutSeconds = null);

public sealed record CreatedRun(string Id, string Status, DateTimeOffset CreatedAt);

/// <summary>A run as the server shows it.</summary>
public sealed record RunInfo
{
    public required string Id { get; init; }

    public string? TemplateSlug { get; init; }

    public required string Repo { get; init; }

    public string? Branch { get; init; }

    public required string Prompt { get; init; }

    public required string Agent { get; init; }

    public string? Model { get; init; }

    public string? Workflow { get; init; }

    public required Guardrails Guardrails { get; init; }

    public IReadOnlyList<string> Done { get; init; } = [];

    public IReadOnlyList<string> Network { get; init; } = [];

    public string Output { get; init; } = "branch";

    /// <summary><c>pending</c>, <c>running</c>, <c>completed</c>, <c>failed</c> or <c>cancelled</c>.</summary>
    public required string Status { get; init; }

    /// <summary>Where exactly it is, such as <c>verifying</c>.</summary>
    public required string Phase { get; init; }

    public string? WaitingFor { get; init; }

    public string? FailReason { get; init; }

    public IReadOnlyList<RunOutput> Outputs { get; init; } = [];

    public RunUsage? Usage { get; init; }

    public RunError? Error { get; init; }

    public string? BaseCommit { get; init; }

    public string? Tree { get; init; }

    public string? ChangeDigest { get; init; }

    public string RequestedBy { get; init; } = "";

    public int Starts { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? CompletedAt { get; init; }

    public DateTimeOffset? CancelRequestedAt { get; init; }

    public string? CallbackUrl { get; init; }

    /// <summary><c>pending</c>, <c>delivered</c> or <c>failed</c>; null before there is an ending to tell.</summary>
    public string? CallbackStatus { get; init; }

    public JsonElement? Metadata { get; init; }
}

public sealed record RunOutput(string Type, string Place, string? Tree);

public sealed record RunUsage(decimal TotalCostUsd, AgentUsage Agent);

public sealed record AgentUsage(decimal CostUsd, int NumTurns, long? InputTokens, long? OutputTokens, long? CacheReadTokens, long? CacheCreationTokens);

public sealed record RunError(string Code, string Message);

public sealed record RunPage(IReadOnlyList<RunInfo> Data, Pagination Pagination);

/// <param name="Total">How many match; at least so many when <paramref name="TotalIsExact"/> is false. There is a next page while there are more.</param>
public sealed record Pagination(int Page, int Limit, long Total, long TotalPages, bool TotalIsExact = true);

/// <param name="Seq">Number in the run's record, from 0.</param>
/// <param name="Json">The event exactly as it was recorded.</param>
public sealed record RunEvent(long Seq, string Type, string Json);

public sealed record ChangedFiles(string Run, string Base, string Tree, string Digest, IReadOnlyList<ChangedFile> Files);

/// <param name="LinesAdded">-1 for a binary file.</param>
public sealed record ChangedFile(string Path, string Operation, int LinesAdded, int LinesRemoved);

/// <param name="Shown">What is asked, exactly as the digest is over it.</param>
public sealed record ApprovalInfo(
    string Id, string Run, string Kind, string Status, string Digest, string Shown, string RequestedBy, DateTimeOffset RequestedAt, DateTimeOffset ExpiresAt);

public sealed record BudgetInfo(string Scope, decimal? LimitUsd, decimal SpentUsd, decimal HeldUsd, string? Stop);

/// <summary>An answer of the record: names of columns, then rows of numbers, texts, truths and nulls.</summary>
public sealed record Table(IReadOnlyList<string> Columns, IReadOnlyList<IReadOnlyList<JsonElement>> Rows, bool More);

internal sealed record Decision(string Answer, string Digest, string? Comment)
{
    [JsonPropertyName("decision")]
    public string Answer { get; init; } = Answer;
}

internal sealed record BudgetLimit(string Scope, decimal LimitUsd);

internal sealed record ScopeName(string Scope);

/// <param name="Instruction">What the agent is told next; null to go on where it was stopped.</param>
/// <param name="MoreCostUsd">On top of what the ended run had left.</param>
/// <param name="MoreTurns">On top of what was left.</param>
/// <param name="MoreSeconds">On top of the time that it had.</param>
public sealed record Resumption(string? Instruction = null, decimal? MoreCostUsd = null, int? MoreTurns = null, int? MoreSeconds = null);

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
[JsonSerializable(typeof(ProblemInfo))]
internal sealed partial class ClientJson : JsonSerializerContext;
