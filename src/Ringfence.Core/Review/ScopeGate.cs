namespace Ringfence.Review;

/// <summary><c>scope</c>: paths outside of what the workflow lets change, or inside of what it never lets.</summary>
internal static class ScopeGate
{
    public static IEnumerable<Finding> Review(ReviewRules rules, IReadOnlyList<ReviewFile> files)
    {
        var write = rules.Write.Select(PathGlob.Allowing).ToList();
        var never = rules.Never.Select(pattern => (Pattern: pattern, Glob: PathGlob.Forbidding(pattern))).ToList();

        foreach (var file in files)
        {
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
