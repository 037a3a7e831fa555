using System.Globalization;
using Ringfence.Workspaces;

namespace Ringfence.Review;

/// <summary><c>size</c>: more than a person can review, as the workflow put it.</summary>
internal static class SizeGate
{
    public static IEnumerable<Finding> Review(ReviewRules rules, ChangeSet changes)
    {
        var lines = changes.LinesAdded + changes.LinesRemoved;

        if (changes.Files.Count > rules.MaxFiles)
        {
            yield return new("size", FindingSeverity.Block, ".", string.Create(CultureInfo.InvariantCulture, $"{changes.Files.Count} files, at most {rules.MaxFiles}"));
        }

        if (lines > rules.MaxLines)
        {
            yield return new("size", FindingSeverity.Block, ".", string.Create(CultureInfo.InvariantCulture, $"{lines} lines, at most {rules.MaxLines}"));
        }
    }
}
