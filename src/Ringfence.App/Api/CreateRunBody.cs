using System.Text.Json;
using Ringfence.Egress;
using Ringfence.Outputs;
using Ringfence.Runs;

namespace Ringfence.App.Api;

/// <summary>The body of <c>POST /v1/runs</c>.</summary>
internal sealed record CreateRunBody
{
    /// <summary><c>owner/repo</c> (on the code host that serve was told of), a URL, or a path that serve allows.</summary>
    public string? Repo { get; init; }

    public string? Branch { get; init; }

    /// <summary>1 to 50,000 characters.</summary>
    public string? Prompt { get; init; }

    /// <summary>A model id, or one of <c>sonnet</c>, <c>opus</c>, <c>haiku</c>.</summary>
    public string? Model { get; init; }

    public GuardrailsBody? Guardrails { get; init; }

    public string? Agent { get; init; }

    public IReadOnlyList<string>? Done { get; init; }

    /// <summary>1 to 10.</summary>
    public int? Attempts { get; init; }

    /// <summary>Hosts that may be reached.</summary>
    public IReadOnlyList<string>? Network { get; init; }

    /// <summary><c>branch</c> or <c>none</c>.</summary>
    public string? Output { get; init; }

    /// <summary>At most 50 keys and 4 KB; given back as it came.</summary>
    public JsonElement? Metadata { get; init; }

    /// <summary>The request, or everything that is wrong with it.</summary>
    public Result<RunRequest> ToRequest(string requestedBy)
    {
        var failures = new List<Failure>();
        var defaults = new RunLimits();

        void Check(bool good, string field, string rule)
        {
            if (!good)
            {
                failures.Add(new Failure("bad_field", $"{field}: {rule}"));
            }
        }

        Check(!string.IsNullOrWhiteSpace(Repo) && Repo.Length <= 2048, "repo", "a path or URL of 1 to 2048 characters is needed.");
        Check(!string.IsNullOrWhiteSpace(Prompt) && Prompt.Length <= 50_000, "prompt", "1 to 50,000 characters are needed, and not only white space.");
        Check(Guardrails?.MaxTurns is null or (>= 1 and <= 1000), "guardrails.maxTurns", "1 to 1000.");
        Check(Guardrails?.MaxCostUsd is null or (>= 0.01m and <= 1000m), "guardrails.maxCostUsd", "0.01 to 1000.");
        Check(Guardrails?.TimeoutSeconds is null or (>= 30 and <= 3600), "guardrails.timeoutSeconds", "30 to 3600.");
        Check(Attempts is null or (>= 1 and <= 10), "attempts", "1 to 10.");
        Check(Done is null || Done.Count <= 50 && Done.All(check => !string.IsNullOrWhiteSpace(check)), "done", "at most 50 commands, none of them empty.");
        Check(Output is null or "branch" or "none", "output", "branch or none.");
        Check(Metadata is null || Metadata.Value.ValueKind == JsonValueKind.Object && Metadata.Value.GetRawText().Length <= 4096
            && Metadata.Value.EnumerateObject().Count() <= 50, "metadata", "an object of at most 50 keys and 4 KB.");

        var network = new NetworkPolicy(Network ?? []);
        failures.AddRange(EgressRules.Parse(network).Failures);

        return failures.Count > 0
            ? Result.Fail<RunRequest>(failures)
            : new RunRequest
            {
                Prompt = Prompt!,
                Repository = Repo!,
                Ref = Branch,
                Agent = Agent ?? "ringfence-agent",
                Model = Model,
                Limits = defaults with
                {
                    Turns = Guardrails?.MaxTurns ?? 100,
                    Cost = Guardrails?.MaxCostUsd is { } dollars ? Money.FromDollars(dollars) : defaults.Cost,
                    Time = Guardrails?.TimeoutSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : defaults.Time,
                },
                Done = Done ?? [],
                Attempts = Attempts ?? 3,
                Network = network,
                Output = Output == "none" ? OutputKind.None : OutputKind.Branch,
                Metadata = Metadata?.GetRawText(),
                RequestedBy = requestedBy,
            };
    }
}

internal sealed record GuardrailsBody(int? MaxTurns = null, decimal? MaxCostUsd = null, int? TimeoutSeconds = null);

internal sealed record CreatedRun(string Id, string Status, DateTimeOffset CreatedAt);
