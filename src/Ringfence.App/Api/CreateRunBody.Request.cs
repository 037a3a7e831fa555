using Ringfence.Agents;
using Ringfence.Egress;
using Ringfence.Outputs;
using Ringfence.Review;
using Ringfence.Runs;
using Ringfence.Setups;
using Ringfence.Workflows;

namespace Ringfence.App.Api;

/// <summary>How the body becomes a request.</summary>
internal sealed partial record CreateRunBody
{
    /// <summary>The request, or everything that is wrong with it.</summary>
    public Result<RunRequest> ToRequest(string requestedBy, CreateTemplateBody? template)
    {
        var defaults = new RunLimits();
        var network = new NetworkPolicy(Network ?? template?.EgressDomains ?? []);
        var policy = EgressRules.Parse(network);

        if (policy.IsFailure)
        {
            return Result.Fail<RunRequest>(policy.Failures);
        }

        if (!(Setup?.ToSetup() ?? (RunSetup?)null).Succeeded(out var setup, out var why))
        {
            return Result.Fail<RunRequest>(why);
        }

        if (DeniedTools?.FirstOrDefault(text => ToolRule.TryParse(text) is null) is { } unread)
        {
            return new Failure("bad_field", $"deniedTools: '{Printable.Escape(unread)}' is no rule.", "A tool, or a tool and what it may not do: WebFetch, Bash(git push:*), Edit(legacy/**).");
        }

        if (RepoConfig is false && ConfigFrom is not null)
        {
            return new Failure("bad_field", "configFrom: not together with repoConfig false.", "Hide the repository's agent configuration, or take it from a revision.");
        }

        if (string.IsNullOrWhiteSpace(Prompt) && (Workflow is null || Prompt is not null))
        {
            return new Failure("bad_field", Prompt is null ? "prompt: is missing, and there is no workflow that has one." : "prompt: not only white space.");
        }

        if (OfWorkflow is { Count: > 0 } twice)
        {
            return Result.Fail<RunRequest>(twice);
        }

        if (Approve?.SelectMany((rule, at) => rule.Failures(at)).ToList() is { Count: > 0 } failures)
        {
            return Result.Fail<RunRequest>(failures);
        }

        var given = Guardrails ?? new GuardrailsBody();
        var time = given.TimeoutSeconds is { } seconds ? TimeSpan.FromSeconds(seconds)
            : template?.Guardrails?.TimeoutMinutes is { } minutes ? TimeSpan.FromMinutes(minutes) : defaults.Time;

        return new RunRequest
        {
            Prompt = Prompt ?? "",
            Repository = Repo!,
            Ref = Branch,
            Agent = Agent ?? "ringfence-agent",
            Model = ModelAlias.Resolve(Model),
            Limits = defaults with
            {
                Turns = given.MaxTurns ?? template?.Guardrails?.MaxTurns ?? 100,
                Cost = (given.MaxCostUsd ?? template?.Guardrails?.MaxCostUsd) is { } dollars ? Money.FromDollars(dollars) : defaults.Cost,
                Time = time,
            },
            Done = Done ?? [],
            Attempts = Attempts ?? 3,
            Network = network,
            Sandbox = SizeName.Limits(Size ?? template?.Size),
            Rules = Constraints?.ToRules() ?? new ReviewRules(),
            Tools = ToolRules.None with { Deny = DeniedTools ?? [] },
            Context = ContextView.Everything with { Exclude = Hidden ?? [] },
            Environment = Merge(template?.EnvVars, Env),
            Setup = setup,
            HideRepositoryConfiguration = RepoConfig is false,
            ConfigurationFrom = ConfigFrom,
            Output = Kind,
            PullRequest = Output is "pull_request" ? PullRequest?.ToTerms() ?? new PullRequestTerms() : null,
            Approve = [.. (Approve ?? []).Select(rule => rule.ToRule())],
            CallbackUrl = CallbackUrl,
            Template = Template,
            Metadata = Metadata?.GetRawText(),
            RequestedBy = requestedBy,
        };
    }

    /// <summary>What the workflow leaves to its runs, as far as this one says it.</summary>
    public RunOverrides Overrides => new(
        Guardrails?.MaxCostUsd is { } dollars ? Money.FromDollars(dollars) : null, Guardrails?.MaxTurns,
        Guardrails?.TimeoutSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null, Output is null ? null : Kind, Inputs);

    private OutputKind Kind => OutputName.Read(Output) ?? OutputKind.Branch;

    /// <summary>What the workflow alone decides, and inputs without a workflow.</summary>
    private IReadOnlyList<Failure> OfWorkflow
    {
        get
        {
            if (Workflow is null)
            {
                return Inputs is null ? [] : [new Failure("bad_field", "inputs: only a workflow has inputs.", "Name it: workflow.")];
            }

            (string Name, object? Value)[] its = [("agent", Agent), ("attempts", Attempts), ("constraints", Constraints), ("approve", Approve), ("template", Template)];
            return [.. its.Where(one => one.Value is not null).Select(one => new Failure("bad_field", $"{one.Name}: the workflow decides that.", "Leave it out, or leave out workflow."))];
        }
    }

    private static Dictionary<string, string> Merge(IReadOnlyDictionary<string, string>? under, IReadOnlyDictionary<string, string>? over)
    {
        var merged = new Dictionary<string, string>(under ?? new Dictionary<string, string>(), StringComparer.Ordinal);

        foreach (var (name, value) in over ?? new Dictionary<string, string>())
        {
            merged[name] = value;
        }

        return merged;
    }
}
