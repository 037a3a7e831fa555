using System.Text.Json;
using Ringfence.Audit;
using Ringfence.Client;
using Ringfence.Outputs;
using Ringfence.Runs;

namespace Ringfence.App.Api;

/// <summary>A run as the API shows it, in the client's own model: there is one shape.</summary>
internal static class RunResource
{
    /// <param name="templates">Ids of templates by their slugs.</param>
    /// <param name="calls">Of the record, for the tokens; null leaves these out.</param>
    /// <param name="window">Context window of the run's model, tokens.</param>
    public static RunInfo Of(
        Run run, IReadOnlyDictionary<string, string> templates, IReadOnlyList<ModelResponded>? calls = null, string? waitingFor = null, long? window = null) => new()
    {
        Id = run.Id.Value,
        TemplateId = run.Request.Template is { } template ? templates.GetValueOrDefault(template) : null,
        TemplateSlug = run.Request.Template,
        Repo = run.Request.Repository,
        Branch = run.Request.Ref,
        Prompt = run.Request.Prompt,
        Agent = run.Request.Agent,
        Model = run.Request.Model,
        Workflow = run.Request.Workflow,
        Guardrails = new Guardrails(run.Request.Limits.Turns, run.Request.Limits.Cost.Dollars, (int)run.Request.Limits.Time.TotalSeconds),
        EnvVars = run.Request.Environment,
        Done = run.Request.Done,
        Network = run.Request.Network.Allow,
        Setup = run.Request.Setup is { } setup ? new SetupCommand(setup.Command, setup.Network.Allow, setup.Network.Presets) : null,
        RepoConfig = !run.Request.HideRepositoryConfiguration,
        ConfigFrom = run.Request.TrustedConfiguration,
        Output = OutputName.Of(run.Request.Output),
        Status = StatusOf(run.Status),
        Phase = run.Status.ToString().ToLowerInvariant(),
        WaitingFor = waitingFor,
        FailReason = run.Reason?.ToName(),
        Outputs = run.Published is { } place
            ? [new RunOutput(run.Request.Output is OutputKind.PullRequest ? "pr" : OutputName.Of(run.Request.Output), place, run.Tree)]
            : [],
        Usage = UsageOf(run, calls, window),
        Error = run.Reason is { } reason ? new RunError(reason.ToName(), run.Message ?? "", run.Hint) : null,
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

    private static RunUsage UsageOf(Run run, IReadOnlyList<ModelResponded>? calls, long? window)
    {
        var last = calls is { Count: > 0 } ? calls[^1] : null;
        return new RunUsage(
            run.Cost.Dollars,
            new AgentUsage(
                run.Cost.Dollars, run.Turns, Math.Round(run.Worked.TotalSeconds, 3), calls?.Sum(call => call.InputTokens), calls?.Sum(call => call.OutputTokens),
                calls?.Sum(call => call.CacheReadTokens), calls?.Sum(call => call.CacheWrite5mTokens + call.CacheWrite1hTokens), window,
                last is null ? null : last.InputTokens + last.CacheReadTokens + last.CacheWrite5mTokens + last.CacheWrite1hTokens),
            new SandboxUsage(0, run.StartedAt is { } began && run.EndedAt is { } ended ? Math.Round((ended - began).TotalSeconds, 3) : null));
    }
}

internal sealed record LogList(IReadOnlyList<JsonElement> Data, long Offset, int Limit);
