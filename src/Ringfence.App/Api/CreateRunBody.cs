using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Ringfence.Agents;
using Ringfence.Egress;
using Ringfence.Notifications;
using Ringfence.Outputs;
using Ringfence.Review;
using Ringfence.Runs;
using Ringfence.Sandboxes;
using Ringfence.Setups;
using Ringfence.Workflows;

namespace Ringfence.App.Api;

/// <summary>The body of <c>POST /v1/runs</c>. What it leaves out comes from the template, if it names one.</summary>
internal sealed record CreateRunBody
{
    [Description("owner/repo on the server's code host, a URL with https or ssh, or a path below one of the server's repository roots.")]
    [Required, StringLength(2048, MinimumLength = 1)]
    public string? Repo { get; init; }

    [Description("Branch, tag or commit to start from. Default: the repository's HEAD.")]
    [StringLength(1024, MinimumLength = 1)]
    public string? Branch { get; init; }

    [Description("What the agent is told. With a workflow it may be left out, and comes after the workflow's own words.")]
    [StringLength(50_000, MinimumLength = 1)]
    public string? Prompt { get; init; }

    [Description("Name of a workflow of the repository: .ringfence/workflows/NAME.md or .yaml at its HEAD. The rest of the body may only narrow it.")]
    [StringLength(64, MinimumLength = 1), RegularExpression("^[A-Za-z0-9][A-Za-z0-9_.-]*$", ErrorMessage = "the name of a workflow, without its folder.")]
    public string? Workflow { get; init; }

    [Description("Values for the workflow's inputs.")]
    [Inputs]
    public IReadOnlyDictionary<string, string>? Inputs { get; init; }

    [Description("Slug of a template.")]
    [RegularExpression(CreateTemplateBody.SlugForm, ErrorMessage = "a slug: lower-case letters, digits and hyphens."), StringLength(64, MinimumLength = 2)]
    public string? Template { get; init; }

    [Description("A model id, or one of sonnet, opus, haiku.")]
    [StringLength(200, MinimumLength = 1)]
    public string? Model { get; init; }

    public GuardrailsBody? Guardrails { get; init; }

    [Description("Variables inside the sandboxes. They are on the record: no secrets.")]
    [Variables]
    public IReadOnlyDictionary<string, string>? Env { get; init; }

    [Description("s: 1 CPU, 2 GB memory, 5 GB disk; m: 2, 4, 10; l: 4, 8, 20.")]
    [AllowedValues("s", "m", "l")]
    public string? Size { get; init; }

    [Description("Name of an agent description.")]
    [StringLength(64, MinimumLength = 1)]
    public string? Agent { get; init; }

    [Description("Done-when checks: command lines that the platform runs in a fresh sandbox.")]
    [Texts(50, 10_000)]
    public IReadOnlyList<string>? Done { get; init; }

    [Description("How often the agent may try until the checks pass.")]
    [Range(1, 10)]
    public int? Attempts { get; init; }

    [Description("Hosts that may be reached; none by default.")]
    [Texts(100, 300)]
    public IReadOnlyList<string>? Network { get; init; }

    [Description("Rules over the agent's tools that deny, such as Bash(git push:*), Edit(legacy/**) or WebFetch. One that nothing would enforce is refused when the run starts.")]
    [Texts(100, 300)]
    public IReadOnlyList<string>? DeniedTools { get; init; }

    [Description("Globs of files that the agent is not shown and may not change.")]
    [Texts(100, 300)]
    public IReadOnlyList<string>? Hidden { get; init; }

    public ConstraintsBody? Constraints { get; init; }

    public SetupBody? Setup { get; init; }

    [Description("False hides the repository's own agent configuration from the agent.")]
    public bool? RepoConfig { get; init; }

    [Description("Revision whose agent configuration counts instead of the commit's own. Default for refs/pull/ and its like: HEAD.")]
    [StringLength(1024, MinimumLength = 1)]
    public string? ConfigFrom { get; init; }

    [Description("What becomes of the change: pull_request, branch, patch or none.")]
    [AllowedValues("pull_request", "branch", "patch", "none")]
    public string? Output { get; init; }

    [Description("How the pull request looks, for that output.")]
    public PullRequestTermsBody? PullRequest { get; init; }

    [Description("What people must see first.")]
    [Items(20)]
    public IReadOnlyList<ApprovalRuleBody>? Approve { get; init; }

    [Description("Where the run's ending is posted, signed: an https address. Private networks are refused unless the server's policy names them.")]
    [StringLength(WebhookAddress.Longest, MinimumLength = 1)]
    public string? CallbackUrl { get; init; }

    [Description("At most 50 keys and 4 KB; given back as it came.")]
    [Metadata]
    public JsonElement? Metadata { get; init; }

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

/// <summary>What is installed once and found by every run, with a network of its own.</summary>
internal sealed record SetupBody
{
    [Description("Shell command line, run on the base commit; once for each state of the lock files.")]
    [Required, StringLength(10_000, MinimumLength = 1)]
    public string? Command { get; init; }

    [Description("Hosts that it may reach; the run may not unless it is allowed too.")]
    [Texts(100, 300)]
    public IReadOnlyList<string>? Network { get; init; }

    [Description("Ecosystems whose registries it may reach: npm, nuget, pip, cargo, go, maven, apt.")]
    [Texts(20, 20)]
    public IReadOnlyList<string>? Presets { get; init; }

    public Result<RunSetup?> ToSetup()
    {
        if (string.IsNullOrWhiteSpace(Command))
        {
            return new Failure("bad_field", "setup.command: not only white space.");
        }

        if (Presets?.FirstOrDefault(preset => !EgressPlan.PresetNames.Contains(preset)) is { } unknown)
        {
            return new Failure("bad_field", $"setup.presets: there is no preset '{Printable.Escape(unknown)}'.", $"Presets are {string.Join(", ", EgressPlan.PresetNames)}.");
        }

        var network = new NetworkPolicy(Network ?? []) { Presets = Presets ?? [] };
        return EgressRules.Parse(network) is { IsFailure: true } policy ? Result.Fail<RunSetup?>(policy.Failures) : new RunSetup(Command, network);
    }
}

internal sealed record GuardrailsBody
{
    [Range(1, 1000)]
    public int? MaxTurns { get; init; }

    [Range(0.01, 1000.0)]
    public decimal? MaxCostUsd { get; init; }

    [Range(30, 3600)]
    public int? TimeoutSeconds { get; init; }
}

/// <summary>How a pull request looks; see the workflow file's <c>output.pull_request</c>.</summary>
internal sealed record PullRequestTermsBody
{
    public bool? Draft { get; init; }

    [Texts(50, 100)]
    public IReadOnlyList<string>? Labels { get; init; }

    [StringLength(200, MinimumLength = 1)]
    public string? Title { get; init; }

    [StringLength(200, MinimumLength = 1)]
    public string? Base { get; init; }

    [Texts(20, 100)]
    public IReadOnlyList<string>? Reviewers { get; init; }

    public PullRequestTerms ToTerms() => new() { Draft = Draft ?? false, Labels = Labels ?? [], Title = Title, Base = Base, Reviewers = Reviewers ?? [] };
}

/// <summary>What the gates ask of the change set beside what always holds; see the workflow file's <c>constraints</c>.</summary>
internal sealed record ConstraintsBody
{
    [Description("Globs: every changed path must match one.")]
    [Texts(100, 1000)]
    public IReadOnlyList<string>? Write { get; init; }

    [Description("Globs: no changed path may match one.")]
    [Texts(100, 1000)]
    public IReadOnlyList<string>? Never { get; init; }

    [Range(1, 1_000_000)]
    public int? MaxFiles { get; init; }

    [Range(1, 100_000_000)]
    public int? MaxLines { get; init; }

    [AllowedValues("none", "ask", "any")]
    public string? Dependencies { get; init; }

    [AllowedValues("keep", "any")]
    public string? Tests { get; init; }

    public ReviewRules ToRules() => new()
    {
        Write = Write ?? [],
        Never = Never ?? [],
        MaxFiles = MaxFiles,
        MaxLines = MaxLines,
        Dependencies = Dependencies switch { "none" => FindingSeverity.Block, "ask" => FindingSeverity.Ask, _ => FindingSeverity.Note },
        Tests = Tests == "keep" ? FindingSeverity.Block : FindingSeverity.Note,
    };
}

/// <summary>The three names that clients of hosted systems use for models.</summary>
internal static class ModelAlias
{
    public static string? Resolve(string? model) => model switch
    {
        "sonnet" => "claude-sonnet-5",
        "opus" => "claude-opus-5-5",
        "haiku" => "claude-haiku-4-5",
        _ => model,
    };
}

internal static class SizeName
{
    public static SandboxLimits Limits(string? size) => size switch
    {
        "s" => Of(1, 2, 5),
        "m" => Of(2, 4, 10),
        "l" => Of(4, 8, 20),
        _ => new SandboxLimits(),
    };

    private static SandboxLimits Of(int cores, int memory, int disk) =>
        new() { MilliCores = cores * 1000, MemoryBytes = (long)memory << 30, DiskBytes = (long)disk << 30 };
}
