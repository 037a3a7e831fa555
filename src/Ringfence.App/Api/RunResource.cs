using System.Text.Json;
using Ringfence.Audit;
using Ringfence.Outputs;
using Ringfence.Runs;

namespace Ringfence.App.Api;

/// <summary>A run as the API shows it.</summary>
internal sealed record RunResource
{
    public required string Id { get; init; }

    public string? TemplateSlug { get; init; }

    public required string Repo { get; init; }

    public string? Branch { get; init; }

    public required string Prompt { get; init; }

    public required string Agent { get; init; }

    public string? Model { get; init; }

    public string? Workflow { get; init; }

    public required GuardrailsBody Guardrails { get; init; }

    public required IReadOnlyDictionary<string, string> EnvVars { get; init; }

    /// <summary>The checks that it must pass.</summary>
    public required IReadOnlyList<string> Done { get; init; }

    /// <summary>Hosts that may be reached.</summary>
    public required IReadOnlyList<string> Network { get; init; }

    /// <summary><c>branch</c>, <c>patch</c> or <c>none</c>.</summary>
    public required string Output { get; init; }

    /// <summary><c>pending</c>, <c>running</c>, <c>completed</c>, <c>failed</c> or <c>cancelled</c>.</summary>
    public required string Status { get; init; }

    /// <summary>The run's own state: see the architecture's states of a run.</summary>
    public required string Phase { get; init; }

    /// <summary>What a person must decide: plan, network, budget or diff; null while nothing waits.</summary>
    public string? WaitingFor { get; init; }

    public string? FailReason { get; init; }

    public required IReadOnlyList<OutputResource> Outputs { get; init; }

    public required UsageResource Usage { get; init; }

    public ErrorResource? Error { get; init; }

    /// <summary>The commit it started from, and the git tree and digest of what the agent made of it.</summary>
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

    public static RunResource Of(Run run, IReadOnlyList<ModelResponded>? calls = null, string? waitingFor = null) => new()
    {
        Id = run.Id.Value,
        TemplateSlug = run.Request.Template,
        Repo = run.Request.Repository,
        Branch = run.Request.Ref,
        Prompt = run.Request.Prompt,
        Agent = run.Request.Agent,
        Model = run.Request.Model,
        Workflow = run.Request.Workflow,
        Guardrails = new GuardrailsBody
        {
            MaxTurns = run.Request.Limits.Turns,
            MaxCostUsd = run.Request.Limits.Cost.Dollars,
            TimeoutSeconds = (int)run.Request.Limits.Time.TotalSeconds,
        },
        EnvVars = run.Request.Environment,
        Done = run.Request.Done,
        Network = run.Request.Network.Allow,
        Output = OutputName.Of(run.Request.Output),
        Status = StatusOf(run.Status),
        Phase = run.Status.ToString().ToLowerInvariant(),
        WaitingFor = waitingFor,
        FailReason = run.Reason?.ToName(),
        Outputs = run.Published is { } place
            ? [new OutputResource(run.Request.Output is OutputKind.PullRequest ? "pr" : OutputName.Of(run.Request.Output), place, run.Tree)]
            : [],
        Usage = UsageResource.Of(run, calls),
        Error = run.Reason is { } reason ? new ErrorResource(reason.ToName(), run.Message ?? "") : null,
        BaseCommit = run.BaseCommit,
        Tree = run.Tree,
        ChangeDigest = run.ChangeDigest,
        RequestedBy = run.Request.RequestedBy,
        Starts = run.Starts,
        CreatedAt = run.CreatedAt,
        StartedAt = run.StartedAt,
        CompletedAt = run.EndedAt,
        CancelRequestedAt = run.CancelRequestedAt,
        CallbackUrl = run.Request.CallbackUrl,
        Metadata = run.Request.Metadata is { } metadata ? JsonDocument.Parse(metadata).RootElement : null,
    };

    public static string StatusOf(RunStatus status) => status switch
    {
        RunStatus.Queued => "pending",
        RunStatus.Completed => "completed",
        RunStatus.Failed => "failed",
        RunStatus.Cancelled => "cancelled",
        _ => "running",
    };

    /// <summary>The states that a public status stands for; null for a word that is none.</summary>
    public static IReadOnlyList<RunStatus>? StatusesOf(string name)
    {
        RunStatus[] all = [.. Enum.GetValues<RunStatus>().Where(status => StatusOf(status) == name)];
        return all.Length > 0 ? all : Enum.TryParse<RunStatus>(name, ignoreCase: true, out var phase) && !char.IsAsciiDigit(name[0]) ? [phase] : null;
    }
}

/// <param name="Tree">Git tree of what is there: exactly what was verified and reviewed.</param>
internal sealed record OutputResource(string Type, string Place, string? Tree);

internal sealed record UsageResource(decimal TotalCostUsd, AgentUsage Agent, SandboxUsage Sandbox)
{
    public static UsageResource Of(Run run, IReadOnlyList<ModelResponded>? calls) => new(
        run.Cost.Dollars,
        new AgentUsage(
            run.Cost.Dollars, run.Turns, calls?.Sum(call => call.InputTokens), calls?.Sum(call => call.OutputTokens), calls?.Sum(call => call.CacheReadTokens),
            calls?.Sum(call => call.CacheWrite5mTokens + call.CacheWrite1hTokens),
            calls is { Count: > 0 } ? calls[^1].InputTokens + calls[^1].CacheReadTokens + calls[^1].CacheWrite5mTokens + calls[^1].CacheWrite1hTokens : null),
        new SandboxUsage(0, run.StartedAt is { } began && run.EndedAt is { } ended ? Math.Round((ended - began).TotalSeconds, 3) : null));
}

/// <param name="EffectiveContextTokens">Tokens of the last call's whole input.</param>
internal sealed record AgentUsage(
    decimal CostUsd, int NumTurns, long? InputTokens, long? OutputTokens, long? CacheReadTokens, long? CacheCreationTokens, long? EffectiveContextTokens);

/// <param name="CostUsd">Always 0: the machine is your own.</param>
/// <param name="DurationSeconds">From the first start to the end, waiting for people included.</param>
internal sealed record SandboxUsage(decimal CostUsd, double? DurationSeconds);

internal sealed record ErrorResource(string Code, string Message);

internal sealed record RunList(IReadOnlyList<RunResource> Data, PaginationResource Pagination, RunListMeta Meta);

/// <param name="Total">How many match. Counted up to 1,000; there is always a next page while there are more.</param>
/// <param name="TotalIsExact">False when there are at least so many.</param>
internal sealed record PaginationResource(int Page, int Limit, long Total, long TotalPages, bool TotalIsExact);

internal sealed record RunListMeta(long ActiveCount, bool HasEverRun);

internal sealed record LogList(IReadOnlyList<JsonElement> Data, long Offset, int Limit);
