using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http;
using Ringfence.Access;
using Ringfence.App.Cli;
using Ringfence.Client;
using Ringfence.Runs;
using Ringfence.Workflows;

namespace Ringfence.App.Api;

/// <summary>Starts runs: from a request, from a workflow of the repository, from an ended run.</summary>
internal sealed class RunStartApi(Home home, RunQueue queue, RepositoryRules repositories, TemplatesApi templates)
{
    /// <summary>A workflow of a repository that has to be fetched first: whoever asks waits for it.</summary>
    private static readonly TimeSpan FetchTime = TimeSpan.FromSeconds(60);

    public void Map(ApiSurface api)
    {
        api.Map(new("POST", "/v1/runs", Role.Runner, "Starts a run. It is durable when this answers.") { Body = ApiJson.Default.CreateRunBody, Answer = ApiJson.Default.CreatedRun, Status = 201, Headers = ["Idempotency-Key"] }, CreateAsync);
        api.Map(new("POST", "/v1/runs/{id}/resume", Role.Runner, "Goes on from an ended run, as a new run.") { Body = ApiJson.Default.ResumeBody, Answer = ApiJson.Default.CreatedRun, Status = 201, Headers = ["Idempotency-Key"] }, ResumeAsync);
    }

    private async Task<IResult> CreateAsync(ApiCall call, CancellationToken cancellationToken)
    {
        if (!(await call.BodyAsync<CreateRunBody>(cancellationToken)).Succeeded(out var body, out var why))
        {
            return call.Refuse(why);
        }

        var template = body.Template is { } slug ? await templates.FindAsync(slug, cancellationToken) : null;

        if (body.Template is not null && template is null)
        {
            return call.Refuse(StatusCodes.Status400BadRequest, new Failure("unknown_template", "template: there is none of that slug.", "GET /v1/templates lists them."));
        }

        if (!body.ToRequest(call.Principal, template).Succeeded(out var request, out why) || !repositories.Resolve(request.Repository).Succeeded(out var address, out why))
        {
            return call.Refuse(why);
        }

        request = request with { Repository = address };

        if (body.Workflow is { } workflow && !(await WithWorkflowAsync(body, workflow, request, cancellationToken)).Succeeded(out request, out why))
        {
            return call.Refuse(why);
        }

        // The policy last, because it narrows whatever it came to; and read anew each time, so that a group that has changed counts from the next run on.
        return PolicyFile.Of(home.Folder).Succeeded(out var policy, out why) && policy.Apply(request).Succeeded(out request, out why)
            ? await EnqueueAsync(call, request, cancellationToken)
            : call.Refuse(why);
    }

    /// <summary>The workflow as the repository's HEAD has it: whoever may write a branch does not write the policy of its runs.</summary>
    private async Task<Result<RunRequest>> WithWorkflowAsync(CreateRunBody body, string name, RunRequest request, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(FetchTime);

        try
        {
            if (!(await home.Workflows.ReadAsync(request.Repository, patience.Token)).Succeeded(out var merged, out var why) || !merged.Find(name).Succeeded(out var workflow, out why))
            {
                return Result.Fail<RunRequest>(why);
            }

            // A workflow names its secrets and the host that gets them; over HTTP callers name the repository that the workflow is in.
            return workflow.Secrets.Count > 0
                ? new Failure("workflow_secrets", $"workflow: {workflow.Name} uses secrets of this machine, which no call from outside may.", "Start it on the server's machine: ringfence run --workflow.")
                : WorkflowRun.Of(workflow, CompiledWorkflow.Digest(workflow), request, body.Overrides);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new Failure("repository_not_reachable", $"repo: not fetched within {FetchTime.TotalSeconds} seconds.", "Ask again: what was fetched by then need not be fetched again.");
        }
    }

    private async Task<IResult> EnqueueAsync(ApiCall call, RunRequest request, CancellationToken cancellationToken)
    {
        var key = call.Http.Request.Headers["Idempotency-Key"].ToString();

        if (key.Length > 255 || key.Any(c => c is < ' ' or > '~'))
        {
            return call.Refuse([new Failure("bad_idempotency_key", "Idempotency-Key has at most 255 printable ASCII characters.")]);
        }

        // The caller is part of the key: one must not find another's run by guessing.
        if (!(await home.Runs.EnqueueAsync(request, key.Length == 0 ? null : $"{call.Key.Id}:{key}", cancellationToken)).Succeeded(out var accepted, out var why))
        {
            return call.Refuse(why);
        }

        queue.Ring();
        var (run, isNew) = accepted;
        return call.Ok(new CreatedRun(run.Id.Value, RunResource.StatusOf(run.Status), run.CreatedAt), isNew ? StatusCodes.Status201Created : StatusCodes.Status200OK);
    }

    private Task<IResult> ResumeAsync(ApiCall call, CancellationToken cancellationToken) => call.WithRunAsync(home.Runs, async run =>
    {
        if (!(await call.BodyAsync<ResumeBody>(cancellationToken)).Succeeded(out var body, out var why))
        {
            return call.Refuse(why);
        }

        return (await new RunResumption(home.Database, home.Runs, home.Workspaces).RequestAsync(run.Id.Value, body.ToTerms(), call.Principal, cancellationToken))
            .Succeeded(out var request, out why)
            ? await EnqueueAsync(call, request, cancellationToken)
            : call.Refuse(why);
    }, cancellationToken);
}

/// <summary>What a resumed run may use on top of what the ended one had left.</summary>
internal sealed record ResumeBody
{
    [StringLength(50_000, MinimumLength = 1)]
    public string? Instruction { get; init; }

    [Range(0.0, 1000.0)]
    public decimal? MoreCostUsd { get; init; }

    [Range(0, 1000)]
    public int? MoreTurns { get; init; }

    [Range(0, 86_400)]
    public int? MoreSeconds { get; init; }

    public ResumeTerms ToTerms() => new()
    {
        Instruction = Instruction,
        MoreCost = Money.FromDollars(MoreCostUsd ?? 0),
        MoreTurns = MoreTurns ?? 0,
        MoreTime = TimeSpan.FromSeconds(MoreSeconds ?? 0),
    };
}
