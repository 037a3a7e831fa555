namespace Ringfence.Review;

/// <summary><c>scope</c>: paths outside of what the workflow lets change, inside of what it never lets, or changed unseen.</summary>
internal static class ScopeGate
{
    public static IEnumerable<Finding> Review(ReviewRules rules, IReadOnlyList<ReviewFile> files)
    {
        var write = rules.Write.Select(PathGlob.Allowing).ToList();
        var never = rules.Never.Select(pattern => (Pattern: pattern, Glob: PathGlob.Forbidding(pattern))).ToList();

        var shown = rules.Shown.Select(PathGlob.Allowing).ToList();

        foreach (var file in files)
        {
            if (shown.Count > 0 && file.Change.BeforeOid is not null && !shown.Exists(g => g.Matches(file.Path)))
            {
                yield return file.At("scope", FindingSeverity.Block, $"changed without having been shown; not in context.include: {string.Join(", ", rules.Shown)}");
            }

            if (write.Count > 0 && !write.Exists(g => g.Matches(file.Path)))
            {
                yield return file.At("scope", FindingSeverity.Block, $"not in write: {string.Join(", ", rules.Write)}");
            }

            foreach (var (pattern, _) in never.Where(n => n.Glob.Matches(file.Path)))
            {
                yield return file.At("scope", FindingSeverity.Block, $"in never: {pattern}");
            }
        }
    }
}
