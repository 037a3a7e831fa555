using System.Globalization;
using System.Text.RegularExpressions;

namespace Ringfence.Outputs;

/// <summary>The lines that a commit adds, file by file, counted from 1 in the new file. Files whose names cannot be told apart from git's own words are left out.</summary>
public sealed partial record AddedLines(IReadOnlyList<(string Path, IReadOnlyList<(int First, int Last)> Ranges)> Files, int Added, int Removed)
{
    /// <param name="diff">Of a commit to its parent, without context, paths unquoted where git can.</param>
    public static AddedLines Of(string diff)
    {
        var files = new List<(string Path, IReadOnlyList<(int, int)> Ranges)>();
        var ranges = new List<(int, int)>();
        var (added, removed) = (0, 0);
        var left = 0;
        string? path = null;

        foreach (var line in diff.Split('\n'))
        {
            // Inside a hunk a line may look like anything; the hunk's head says how many there are.
            if (left > 0)
            {
                left -= line.StartsWith('\\') ? 0 : 1;
            }
            else if (line.StartsWith("+++ ", StringComparison.Ordinal))
            {
                // Git quotes what the note could not hold either.
                path = line.StartsWith("+++ b/", StringComparison.Ordinal) ? line[6..].TrimEnd('\t') : null;
            }
            else if (Hunk().Match(line) is { Success: true } hunk)
            {
                var (gone, first, count) = (Count(hunk.Groups[1]), Number(hunk.Groups[2]), Count(hunk.Groups[3]));
                left = gone + count;
                removed += gone;
                added += count;

                if (path is not null && count > 0)
                {
                    if (files.Count == 0 || files[^1].Path != path)
                    {
                        files.Add((path, ranges = []));
                    }

                    ranges.Add((first, first + count - 1));
                }
            }
        }

        return new AddedLines(files, added, removed);
    }

    private static int Count(Group group) => group.Success ? Number(group) : 1;

    private static int Number(Group group) => int.Parse(group.ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")]
    private static partial Regex Hunk();
}
