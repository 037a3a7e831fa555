using Ringfence.Review;

namespace Ringfence.Workflows;

/// <summary>Which files of the repository an agent is shown. Checks and what is published always have all of them.</summary>
/// <param name="Include">Globs of what is shown; empty shows every path.</param>
/// <param name="Exclude">Globs of what is not.</param>
public sealed record ContextView(IReadOnlyList<string> Include, IReadOnlyList<string> Exclude)
{
    public static ContextView Everything { get; } = new([], []);

    /// <summary>True when nothing is kept from the agent.</summary>
    public bool IsEverything => Include.Count == 0 && Exclude.Count == 0;

    /// <summary>Says of a path whether it is kept from the agent.</summary>
    public Func<string, bool> Hides()
    {
        var include = Include.Select(PathGlob.Allowing).ToList();
        var exclude = Exclude.Select(PathGlob.Forbidding).ToList();
        return path => exclude.Exists(glob => glob.Matches(path)) || (include.Count > 0 && !include.Exists(glob => glob.Matches(path)));
    }
}
