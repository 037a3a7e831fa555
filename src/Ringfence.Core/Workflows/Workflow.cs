using Ringfence.Runs;

namespace Ringfence.Workflows;

/// <summary>
/// A workflow file, read and validated: the prompt, and the policy that comes with it. Every key has an enforcement point; what nothing enforces
/// is not a key.
/// </summary>
public sealed record Workflow
{
    public required string Name { get; init; }

    /// <summary>The body of the file: what the agent is told.</summary>
    public required string Prompt { get; init; }

    /// <summary>What starts it besides people.</summary>
    public Triggers.WorkflowTriggers On { get; init; } = Triggers.WorkflowTriggers.None;

    public string Agent { get; init; } = "ringfence-agent";

    public string? Model { get; init; }

    public WorkflowLimits Limits { get; init; } = new();

    /// <summary>Hosts that may be reached, as <c>network.allow</c> has them.</summary>
    public IReadOnlyList<string> Network { get; init; } = [];

    /// <summary>Ecosystems whose registries may be reached, as the user's own tools are configured: <c>network.presets</c>.</summary>
    public IReadOnlyList<string> Presets { get; init; } = [];

    public IReadOnlyList<WorkflowSecret> Secrets { get; init; } = [];

    public WorkflowConstraints Constraints { get; init; } = new();

    /// <summary>What whoever starts a run gives, for the prompt.</summary>
    public IReadOnlyList<WorkflowInput> Inputs { get; init; } = [];

    public Agents.ToolRules Tools { get; init; } = Agents.ToolRules.None;

    /// <summary>What the agent is shown of the repository.</summary>
    public ContextView Context { get; init; } = ContextView.Everything;

    /// <summary>Headings of the prompt whose text every request of the main conversation must hold.</summary>
    public IReadOnlyList<string> Pins { get; init; } = [];

    public IReadOnlyList<string> Done { get; init; } = [];

    public int Attempts { get; init; } = 3;

    /// <summary>What people must see first.</summary>
    public IReadOnlyList<Approvals.ApprovalRule> Approve { get; init; } = [];

    /// <summary>Channel that hears when a run waits, fails or is done.</summary>
    public string? Slack { get; init; }

    /// <summary>For an output that is a pull request.</summary>
    public Outputs.PullRequestTerms PullRequest { get; init; } = new();

    public Outputs.OutputKind Output { get; init; } = Outputs.OutputKind.Branch;
}

/// <summary>Limits as the file says them; null is the default of <see cref="RunLimits"/>.</summary>
public sealed record WorkflowLimits
{
    /// <summary>Money of one run.</summary>
    public Money? Cost { get; init; }

    /// <summary>Money of all runs of the workflow in one day.</summary>
    public Money? CostPerDay { get; init; }

    public int? Turns { get; init; }

    public TimeSpan? Time { get; init; }

    public long? MemoryBytes { get; init; }
}

/// <param name="Header">Where the door puts the value.</param>
public sealed record WorkflowSecret(string Name, string Host, string Header);

/// <summary>Rules over the change set, checked on the host after the agent.</summary>
public sealed record WorkflowConstraints
{
    /// <summary>Globs of what may change; empty allows every path.</summary>
    public IReadOnlyList<string> Write { get; init; } = [];

    /// <summary>Globs of what may never change.</summary>
    public IReadOnlyList<string> Never { get; init; } = [];

    public int? MaxFiles { get; init; }

    public int? MaxLines { get; init; }

    /// <summary><c>none</c>, <c>ask</c> or <c>any</c>.</summary>
    public string Dependencies { get; init; } = "any";

    /// <summary><c>keep</c>: none may be deleted, skipped or weakened; <c>any</c> lets them change.</summary>
    public string Tests { get; init; } = "any";
}
