using System.Text.Json;

namespace Ringfence.Client;

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
