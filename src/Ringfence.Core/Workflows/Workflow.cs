using Ringfence.Runs;

namespace Ringfence.Workflows;

/// <summary>
/// A workflow file, read and validated: the prompt, and the policy that comes with it. Every key has an enforcement point; what nothing enforces
/// is not a key.
/// </summary>
public sealed record Workflow
{
    public required string Name { get; init; }

    /// <summary>The body of the file: what the agent is told. <c>{{input}}</c> placeholders are filled by the run's inputs.</summary>
    public required string Prompt { get; init; }

    public string Agent { get; init; } = "ringfence-agent";

    public string? Model { get; init; }

    public WorkflowTriggers On { get; init; } = new();

    public WorkflowLimits Limits { get; init; } = new();

    /// <summary>Hosts that may be reached, as <c>network.allow</c> has them.</summary>
    public IReadOnlyList<string> Network { get; init; } = [];

    public IReadOnlyList<WorkflowSecret> Secrets { get; init; } = [];

    /// <summary>Tool rules in Claude Code's grammar that are denied: told to the agent early, enforced by walls and change filter.</summary>
    public IReadOnlyList<string> DeniedTools { get; init; } = [];

    public WorkflowConstraints Constraints { get; init; } = new();

    public IReadOnlyList<string> Done { get; init; } = [];

    public int Attempts { get; init; } = 3;

    /// <summary>What a person must see first: <c>plan</c>, <c>network</c>, <c>budget</c>, <c>diff</c>.</summary>
    public IReadOnlyList<string> Approve { get; init; } = [];

    public Outputs.OutputKind Output { get; init; } = Outputs.OutputKind.Branch;

    /// <summary>Values that a run must bring, by name, with a description.</summary>
    public IReadOnlyDictionary<string, string> Inputs { get; init; } = new Dictionary<string, string>();
}

public sealed record WorkflowTriggers(string? Cron = null, string? IssueLabel = null);

/// <summary>Limits as the file says them; null is the default of <see cref="RunLimits"/>.</summary>
public sealed record WorkflowLimits
{
    public Money? RunCost { get; init; }

    public Money? DayCost { get; init; }

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
