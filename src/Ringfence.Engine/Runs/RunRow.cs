using System.Text.Json;
using Ringfence.Outputs;

namespace Ringfence.Runs;

/// <summary>A new run as a row: the columns and their values.</summary>
internal static class RunRow
{
    public const string Insert =
        """
        insert into runs (id, status, repository, ref, agent, model, workflow, prompt_digest, request, request_digest, requested_by, created_us, worker,
                          lease_expires_us, claimed_us, idempotency_key, durable, starts, template, output)
        values (@id, @status, @repository, @ref, @agent, @model, @workflow, @prompt_digest, @request, @request_digest, @requested_by, @now, @worker,
                @lease, @claimed, @key, @durable, @starts, @template, @output)
        on conflict do nothing
        """;

    /// <summary>In the same transaction, after the run: adds nothing when that was not added.</summary>
    public const string InsertWords = "insert into run_words (run, words) select @id, @words where exists (select 1 from runs where id = @id)";

    public static (string Name, object? Value)[] Of(Run run, string? idempotencyKey)
    {
        var request = run.Request;
        var json = RunJson.Canonical(request);

        return
        [
            ("id", run.Id), ("status", RunStore.Name(run.Status)), ("repository", request.Repository), ("ref", request.Ref), ("agent", request.Agent),
            ("model", request.Model), ("workflow", request.Workflow), ("prompt_digest", RunStore.Digest(request.Prompt)), ("request", json),
            ("request_digest", RunStore.Digest(json)), ("requested_by", request.RequestedBy), ("now", run.CreatedAt), ("worker", run.Worker),
            ("lease", run.Worker is null ? null : run.CreatedAt + RunStore.LeaseTime), ("claimed", run.Worker is null ? null : run.CreatedAt),
            ("key", idempotencyKey), ("durable", run.IsDurable), ("starts", run.Starts), ("template", request.Template),

            // Most are branches: an index of the others is small.
            ("output", request.Output is OutputKind.Branch ? null : OutputName.Of(request.Output)),
        ];
    }

    public static (string Name, object? Value)[] WordsOf(Run run) => [("id", run.Id), ("words", SearchWords.Of(run.Request))];

    public static string? Json(RunCheckpoint? checkpoint) =>
        checkpoint is null ? null : JsonSerializer.Serialize(checkpoint, RunJson.Default.RunCheckpoint);

    public static RunCheckpoint? Checkpoint(string? json) =>
        json is null ? null : JsonSerializer.Deserialize(json, RunJson.Default.RunCheckpoint);
}
