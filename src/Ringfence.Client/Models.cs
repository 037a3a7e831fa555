using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ringfence.Client;

/// <summary>What to run. What is left out is the server's default, or the template's.</summary>
public sealed record NewRun
{
    /// <summary><c>owner/repo</c>, a URL, or a path on the server below one of its repository roots.</summary>
    public required string Repo { get; init; }

    /// <summary>1 to 50,000 characters. With a workflow it may be left out, and comes after the workflow's own words.</summary>
    public string? Prompt { get; init; }

    /// <summary>Name of a workflow of the repository; what stands beside it may only narrow it.</summary>
    public string? Workflow { get; init; }

    /// <summary>Values for the workflow's inputs.</summary>
    public IReadOnlyDictionary<string, string>? Inputs { get; init; }

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

    /// <summary>Rules over the agent's tools that deny, such as <c>Bash(git push:*)</c>.</summary>
    public IReadOnlyList<string>? DeniedTools { get; init; }

    /// <summary>Globs of files that the agent is not shown and may not change.</summary>
    public IReadOnlyList<string>? Hidden { get; init; }

    /// <summary>Prepares dependencies once for each state of the lock files.</summary>
    public SetupCommand? Setup { get; init; }

    /// <summary>False hides the repository's own agent configuration from the agent.</summary>
    public bool? RepoConfig { get; init; }

    /// <summary>Revision whose agent configuration counts instead of the commit's own.</summary>
    public string? ConfigFrom { get; init; }

    /// <summary>What the gates ask of the change set beside what always holds.</summary>
    public Constraints? Constraints { get; init; }

    /// <summary><c>pull_request</c>, <c>branch</c>, <c>patch</c> or <c>none</c>.</summary>
    public string? Output { get; init; }

    /// <summary>With <c>pull_request</c>: what it is like.</summary>
    public PullRequestTerms? PullRequest { get; init; }

    /// <summary>What people must see first, at most 20 rules.</summary>
    public IReadOnlyList<ApprovalDemand>? Approve { get; init; }

    /// <summary>Where the run's ending is posted, signed: an https address.</summary>
    public string? CallbackUrl { get; init; }

    /// <summary>At most 50 keys and 4 KB; given back as it came.</summary>
    public JsonElement? Metadata { get; init; }
}

/// <param name="Command">Shell command line, at most 10,000 characters.</param>
/// <param name="Network">Hosts that it may reach.</param>
/// <param name="Presets">Ecosystems whose registries it may reach, such as <c>npm</c>.</param>
public sealed record SetupCommand(string Command, IReadOnlyList<string>? Network = null, IReadOnlyList<string>? Presets = null);

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

/// <param name="Labels">That the code host knows.</param>
/// <param name="Title">Default: made from the change.</param>
/// <param name="Base">Branch that it is meant for; default: that which the run started from.</param>
public sealed record PullRequestTerms(
    bool? Draft = null, IReadOnlyList<string>? Labels = null, string? Title = null, string? Base = null, IReadOnlyList<string>? Reviewers = null);

/// <param name="Write">Globs: every changed path must match one.</param>
/// <param name="Never">Globs: no changed path may match one.</param>
/// <param name="MaxFiles">1 to 1,000,000.</param>
/// <param name="MaxLines">1 to 100,000,000.</param>
/// <param name="Dependencies"><c>none</c>, <c>ask</c> or <c>any</c>.</param>
/// <param name="Tests"><c>keep</c> or <c>any</c>.</param>
public sealed record Constraints(
    IReadOnlyList<string>? Write = null, IReadOnlyList<string>? Never = null, int? MaxFiles = null, int? MaxLines = null, string? Dependencies = null, string? Tests = null);

public sealed record CreatedRun(string Id, string Status, DateTimeOffset CreatedAt);

/// <summary>A run as the server shows it.</summary>
public sealed record RunInfo
{
    public required string Id { get; init; }

    /// <summary>Null also when the template was removed since.</summary>
    public string? TemplateId { get; init; }

    public string? TemplateSlug { get; init; }

    public required string Repo { get; init; }

    public string? Branch { get; init; }

    public required string Prompt { get; init; }

    public required string Agent { get; init; }

    public string? Model { get; init; }

    public string? Workflow { get; init; }

    public required Guardrails Guardrails { get; init; }

    public required IReadOnlyDictionary<string, string> EnvVars { get; init; }

    /// <summary>The checks that it must pass.</summary>
    public required IReadOnlyList<string> Done { get; init; }

    /// <summary>Hosts that may be reached.</summary>
    public required IReadOnlyList<string> Network { get; init; }

    /// <summary>What was installed before the agent started; null for nothing.</summary>
    public SetupCommand? Setup { get; init; }

    /// <summary>False when the agent is not shown the repository's own agent configuration.</summary>
    public bool RepoConfig { get; init; }

    /// <summary>The revision whose agent configuration counts; null for the commit's own.</summary>
    public string? ConfigFrom { get; init; }

    /// <summary><c>pull_request</c>, <c>branch</c>, <c>patch</c> or <c>none</c>.</summary>
    public required string Output { get; init; }

    /// <summary><c>pending</c>, <c>running</c>, <c>completed</c>, <c>failed</c> or <c>cancelled</c>.</summary>
    public required string Status { get; init; }

    /// <summary>Where exactly it is, such as <c>verifying</c>.</summary>
    public required string Phase { get; init; }

    /// <summary>What a person must decide: <c>plan</c>, <c>network</c>, <c>budget</c> or <c>diff</c>; null while nothing waits.</summary>
    public string? WaitingFor { get; init; }

    public string? FailReason { get; init; }

    public required IReadOnlyList<RunOutput> Outputs { get; init; }

    public required RunUsage Usage { get; init; }

    public RunError? Error { get; init; }

    /// <summary>The commit it started from; <see cref="Tree"/> and <see cref="ChangeDigest"/> are of what the agent made of it.</summary>
    public string? BaseCommit { get; init; }

    public string? Tree { get; init; }

    public string? ChangeDigest { get; init; }

    public required string RequestedBy { get; init; }

    /// <summary>How often a process took it up; more than once after an interruption.</summary>
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

/// <param name="Tree">Git tree of what is there: exactly what was verified and reviewed.</param>
public sealed record RunOutput(string Type, string Place, string? Tree);

public sealed record RunUsage(decimal TotalCostUsd, AgentUsage Agent, SandboxUsage Sandbox);

/// <param name="ContextWindowSize">Tokens that the model takes, by the price table; null when the model is not in it.</param>
/// <param name="EffectiveContextTokens">Tokens of the last call's whole input.</param>
public sealed record AgentUsage(
    decimal CostUsd, int NumTurns, double? DurationSeconds, long? InputTokens, long? OutputTokens, long? CacheReadTokens, long? CacheCreationTokens, long? ContextWindowSize,
    long? EffectiveContextTokens);

/// <param name="CostUsd">Always 0: the machine is your own.</param>
/// <param name="DurationSeconds">From the first start to the end, waiting for people included.</param>
public sealed record SandboxUsage(decimal CostUsd, double? DurationSeconds);

/// <param name="Detail">What could be done about it; null when nothing is known.</param>
public sealed record RunError(string Code, string Message, string? Detail);

public sealed record RunPage(IReadOnlyList<RunInfo> Data, Pagination Pagination, RunPageMeta Meta);

/// <param name="Total">How many match; at least so many when <paramref name="TotalIsExact"/> is false. There is a next page while there are more.</param>
public sealed record Pagination(int Page, int Limit, long Total, long TotalPages, bool TotalIsExact);

/// <param name="ActiveCount">How many have not ended, whatever the filter.</param>
public sealed record RunPageMeta(long ActiveCount, bool HasEverRun);

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
[JsonSerializable(typeof(JsonElement))]
[JsonSerializable(typeof(ProblemInfo))]
internal sealed partial class ClientJson : JsonSerializerContext;
