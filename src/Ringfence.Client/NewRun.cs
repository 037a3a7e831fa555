using System.Text.Json;

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

/// <param name="Instruction">What the agent is told next; null to go on where it was stopped.</param>
/// <param name="MoreCostUsd">On top of what the ended run had left.</param>
/// <param name="MoreTurns">On top of what was left.</param>
/// <param name="MoreSeconds">On top of the time that it had.</param>
public sealed record Resumption(string? Instruction = null, decimal? MoreCostUsd = null, int? MoreTurns = null, int? MoreSeconds = null);
