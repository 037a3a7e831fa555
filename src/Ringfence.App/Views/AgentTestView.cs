namespace Ringfence.App.Views;

/// <summary>What <c>ringfence agents test --json</c> prints for one agent. Add, never rename.</summary>
/// <param name="Version">Null for the built-in agent and for plain commands.</param>
internal sealed record AgentTestView(string Agent, string Title, string? Version, string Wire, IReadOnlyList<AgentTestRow> Rows)
{
    /// <summary>The oldest and the newest version that passed before; null where there is one version only.</summary>
    public IReadOnlyList<string>? TestedRange { get; init; }

    /// <summary>The model was simulated, everything else was real.</summary>
    public bool SimulatedModel { get; } = true;

    public bool Passed => Rows.All(row => row.Passed);
}

/// <param name="Check"><c>command</c>, <c>file write</c>, <c>denied host</c>, <c>resume</c>, <c>budget stop</c> or <c>kill</c>.</param>
internal sealed record AgentTestRow(string Check, bool Passed, string Detail);
