using Ringfence.Outputs;

namespace Ringfence.Runs;

/// <summary>Which runs to list, and in which order.</summary>
/// <param name="Page">From 1.</param>
/// <param name="Limit">1 to 100.</param>
/// <param name="Statuses">Empty for all.</param>
/// <param name="Search">Words, or beginnings of words, of the prompt, repository and workflow (see <see cref="SearchWords"/>), or the beginning of an id.</param>
public sealed record RunQuery(
    int Page, int Limit, IReadOnlyList<RunStatus> Statuses, string? Search = null, string? Model = null, bool ByCost = false, bool Ascending = false)
{
    /// <summary>Slug of the template.</summary>
    public string? Template { get; init; }

    /// <summary>Keeps runs that are older than the one of this id: the way to go on behind a page without counting it again.</summary>
    public RunId? Before { get; init; }

    /// <summary>Keeps runs that asked for one of these outputs; empty for all.</summary>
    public IReadOnlyList<OutputKind> Outputs { get; init; } = [];
}

/// <param name="Total">How many match in all; when <paramref name="IsExact"/> is false, at least so many.</param>
/// <param name="Active">How many have not ended, whatever the filter; counted up to <see cref="MostCounted"/>.</param>
public sealed record RunPage(IReadOnlyList<Run> Runs, long Total, bool IsExact, long Active, bool HasEverRun)
{
    /// <summary>Beyond this nothing is counted: it would take longer than anybody waits, and nobody reads it.</summary>
    public const long MostCounted = 1000;
}
