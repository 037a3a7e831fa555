using System.Text.Json.Serialization;
using Ringfence.Agents;
using Ringfence.Approvals;
using Ringfence.Egress;
using Ringfence.Outputs;
using Ringfence.Review;
using Ringfence.Sandboxes;
using Ringfence.Setups;
using Ringfence.Workflows;

namespace Ringfence.Runs;

/// <summary>What was asked for: everything that decides how a run goes, and nothing that is known only later.</summary>
public sealed record RunRequest
{
    public required string Prompt { get; init; }

    /// <summary>A path on this machine or a URL that git can fetch from.</summary>
    public required string Repository { get; init; }

    /// <summary>Branch, tag or commit to start from. Default: what is checked out there (HEAD).</summary>
    public string? Ref { get; init; }

    /// <summary>Name of an agent description. Default: the built-in agent.</summary>
    public string Agent { get; init; } = "ringfence-agent";

    /// <summary>Model id sent to the provider; null leaves the agent's default.</summary>
    public string? Model { get; init; }

    public RunLimits Limits { get; init; } = new();

    /// <summary>The done-when checks: shell command lines that the platform runs, in order, in a fresh sandbox on exactly the tree to be published.</summary>
    public IReadOnlyList<string> Done { get; init; } = [];

    /// <summary>How often the agent may try: 1 means that failed checks end the run. 1 to 10.</summary>
    public int Attempts { get; init; } = 3;

    public NetworkPolicy Network { get; init; } = NetworkPolicy.DenyAll;

    /// <summary>Limits of every sandbox of this run, agent and checks alike.</summary>
    public SandboxLimits Sandbox { get; init; } = new();

    /// <summary>What the gates ask of the change set beside what always holds.</summary>
    public ReviewRules Rules { get; init; } = new();

    /// <summary>The workflow it came from, and the digest of its compiled form; null for a run by flags alone.</summary>
    public string? Workflow { get; init; }

    public string? WorkflowDigest { get; init; }

    /// <summary>Money of all runs of the workflow in one day; null is unlimited by the workflow.</summary>
    public Money? WorkflowDay { get; init; }

    /// <summary>The team whose budgets pay as well; null for none.</summary>
    public string? Team { get; init; }

    /// <summary>Texts that every request of the main conversation must hold, looked for at the gateway.</summary>
    public IReadOnlyList<string> Pins { get; init; } = [];

    /// <summary>What was given for the workflow's inputs. It stands in the prompt, and no policy is made from it.</summary>
    public IReadOnlyList<RunInput> Inputs { get; init; } = [];

    /// <summary>What the agent's tools may do.</summary>
    public ToolRules Tools { get; init; } = ToolRules.None;

    /// <summary>Which files the agent is shown.</summary>
    public ContextView Context { get; init; } = ContextView.Everything;

    /// <summary>What every sandbox of this run shows of the host besides the system's tool chain.</summary>
    public IReadOnlyList<Mount> Mounts { get; init; } = [];

    /// <summary>Variables inside every sandbox of this run. They are on the record: no secrets.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Prepares what every sandbox of this run finds below its workspace; null for nothing.</summary>
    public RunSetup? Setup { get; init; }

    /// <summary>True when the repository's own agent configuration must not count: the agent does not see it.</summary>
    public bool HideRepositoryConfiguration { get; init; }

    /// <summary>
    /// Revision whose agent configuration counts instead of the commit's own: for a change of somebody who may not tell the agent how to behave, the branch
    /// that it is meant for. Null takes the commit's own.
    /// </summary>
    public string? ConfigurationFrom { get; init; }

    /// <summary>
    /// Revision whose agent configuration counts. Nobody need ask for it when the reference alone says that anybody may have proposed the commit: then it is
    /// what the repository's HEAD has. Null takes the commit's own.
    /// </summary>
    [JsonIgnore]
    public string? TrustedConfiguration => ConfigurationFrom ?? (!HideRepositoryConfiguration && ProposedChange.Is(Ref) ? "HEAD" : null);

    /// <summary>Whether the commit's author is somebody whose word does not count. Nothing that this run prepares may serve another.</summary>
    [JsonIgnore]
    public bool IsUntrusted => HideRepositoryConfiguration || TrustedConfiguration is not null;

    /// <summary>The ended run that this one goes on from; null for a run from a commit.</summary>
    public RunContinuation? Continues { get; init; }

    /// <summary>True when the model traffic is written down, so that the run can be played back.</summary>
    public bool Record { get; init; }

    /// <summary>The recorded run whose traffic answers; null asks a model.</summary>
    public RunReplay? Replay { get; init; }

    public OutputKind Output { get; init; } = OutputKind.Branch;

    /// <summary>How the pull request looks; null for other outputs.</summary>
    public PullRequestTerms? PullRequest { get; init; }

    /// <summary>What people must see first.</summary>
    public IReadOnlyList<ApprovalRule> Approve { get; init; } = [];

    /// <summary>Slug of the template that it took what it did not say itself from; null without one.</summary>
    public string? Template { get; init; }

    /// <summary>Slack channel that hears when the run waits, fails or is done.</summary>
    public string? Slack { get; init; }

    /// <summary>Where the run's ending is posted, signed.</summary>
    public string? CallbackUrl { get; init; }

    /// <summary>JSON object of the caller, given back as it came; null when there is none.</summary>
    public string? Metadata { get; init; }

    /// <summary>Who asked, as the entry point authenticated them: an operating-system user or an API key's owner.</summary>
    public required string RequestedBy { get; init; }

    /// <summary>Who wrote what triggered it, where that is somebody else: an issue, a comment, a schedule. May not approve either.</summary>
    public string? TriggerAuthor { get; init; }
}
