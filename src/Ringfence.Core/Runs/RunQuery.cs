using Ringfence.Outputs;

namespace Ringfence.Runs;

/// <summary>Which runs to list, and in which order.</summary>
/// <param name="Page">From 1.</param>
/// <param name="Limit">1 to 100.</param>
/// <param name="Statuses">Empty for all.</param>
/// <param name="Search">Part of the prompt, the repository or the id.</param>
public sealed record RunQuery(
    int Page, int Limit, IReadOnlyList<RunStatus> Statuses, string? Search = null, string? Model = null, bool ByCost = false, bool Ascending = false)
{
    /// <summary>Slug of the template.</summary>
    public string? Template { get; init; }

    /// <summary>Keeps runs that asked for one of these outputs; empty for all.</summary>
    public IReadOnlyList<OutputKind> Outputs { get; init; } = [];
}

/// <param name="Total">How many match in all.</param>
/// <param name="Active">How many have not ended, whatever the filter.</param>
public sealed record RunPage(IReadOnlyList<Run> Runs, long Total, long Active, bool HasEverRun);
