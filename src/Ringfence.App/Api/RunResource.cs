using System.Text.Json;
using Ringfence.Audit;
using Ringfence.Outputs;
using Ringfence.Runs;

namespace Ringfence.App.Api;

/// <summary>A run as the API shows it.</summary>
internal sealed record RunResource
{
    public required string Id { get; init; }

    public required string Repo { get; init; }

    public string? Branch { get; init; }

    public required string Prompt { get; init; }

    public required string Agent { get; init; }

    public string? Model { get; init; }

    public required GuardrailsBody Guardrails { get; init; }

    /// <summary><c>pending</c>, <c>running</c>, <c>completed</c>, <c>failed</c> or <c>cancelled</c>.</summary>
    public required string Status { get; init; }

    /// <summary>The run's own state: see the architecture's states of a run.</summary>
    public required string Phase { get; init; }

    public string? FailReason { get; init; }

    public required IReadOnlyList<OutputResource> Outputs { get; init; }

    public required UsageResource Usage { get; init; }

    public ErrorResource? Error { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? CompletedAt { get; init; }

    public JsonElement? Metadata { get; init; }

    public static RunResource Of(Run run, IReadOnlyList<ModelResponded>? calls = null) => new()
    {
        Id = run.Id.Value,
        Repo = run.Request.Repository,
        Branch = run.Request.Ref,
        Prompt = run.Request.Prompt,
        Agent = run.Request.Agent,
        Model = run.Request.Model,
        Guardrails = new GuardrailsBody(run.Request.Limits.Turns, run.Request.Limits.Cost.Dollars, (int)run.Request.Limits.Time.TotalSeconds),
        Status = StatusOf(run.Status),
        Phase = run.Status.ToString().ToLowerInvariant(),
        FailReason = run.Reason?.ToName(),
        Outputs = run.Published is { } place
            ? [new OutputResource(run.Request.Output is OutputKind.Patch ? "patch" : "branch", place, run.Tree)]
            : [],
        Usage = new UsageResource(
            run.Cost.Dollars, run.Turns, calls?.Sum(call => call.InputTokens), calls?.Sum(call => call.OutputTokens),
            calls?.Sum(call => call.CacheReadTokens), calls?.Sum(call => call.CacheWrite5mTokens + call.CacheWrite1hTokens)),
        Error = run.Reason is { } reason ? new ErrorResource(reason.ToName(), run.Message ?? "") : null,
        CreatedAt = run.CreatedAt,
        CompletedAt = run.EndedAt,
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
        RunStatus[] found = [.. Enum.GetValues<RunStatus>().Where(status => StatusOf(status) == name)];
        return found.Length > 0 ? found : null;
    }
}

internal sealed record OutputResource(string Type, string Place, string? Tree);

internal sealed record UsageResource(
    decimal TotalCostUsd, int NumTurns, long? InputTokens, long? OutputTokens, long? CacheReadTokens, long? CacheCreationTokens);

internal sealed record ErrorResource(string Code, string Message);

internal sealed record RunList(IReadOnlyList<RunResource> Data, PaginationResource Pagination, RunListMeta Meta);

internal sealed record PaginationResource(int Page, int Limit, long Total, long TotalPages);

internal sealed record RunListMeta(long ActiveCount, bool HasEverRun);

internal sealed record LogList(IReadOnlyList<JsonElement> Data, long Offset, int Limit);
