using System.Globalization;
using System.Text;

namespace Ringfence.Workspaces;

/// <summary>Reads the difference of two trees, files and line counts together, from one git process.</summary>
internal static class TreeDiff
{
    /// <summary>Options that keep configuration and attributes from running a program or changing what is shown.</summary>
    public static IReadOnlyList<string> Plain { get; } = ["diff-tree", "-r", "--no-renames", "--no-ext-diff", "--no-textconv", "--no-color", "--ignore-submodules=none"];

    public static async Task<Result<IReadOnlyList<FileChange>>> ReadAsync(
        string gitDirectory, string from, string to, CancellationToken cancellationToken)
    {
        var asked = await Git.Own(gitDirectory).RunAsync([.. Plain, "-z", "--raw", "--numstat", "--no-abbrev", from, to], cancellationToken);

        return !asked.Succeeded(out var answer) ? asked.Failures[0]
            : answer.IsSuccess ? Parse(answer.Output)
            : GitFailures.From("change_set_failed", "Comparing the change set with its base", answer.Error);
    }

    // First every ":mode mode oid oid status" with its path, then every "added removed path".
    private static List<FileChange> Parse(byte[] output)
    {
        var changes = new List<FileChange>();
        var fields = Latin1.Split(output).ToList();
        var next = 0;

        for (; next + 1 < fields.Count && fields[next].StartsWith(':'); next += 2)
        {
            changes.Add(Change(fields[next].Split(' '), fields[next + 1]));
        }

        for (var i = 0; next < fields.Count && i < changes.Count; next++, i++)
        {
            var counts = fields[next].Split('\t', 3);
            changes[i] = changes[i] with { LinesAdded = Lines(counts[0]), LinesRemoved = Lines(counts[1]) };
        }

        return changes;
    }

    private static FileChange Change(string[] raw, string path)
    {
        var (mode, before, after) = (Convert.ToInt32(raw[1], 8), Oid(raw[2]), Oid(raw[3]));

        var operation = raw[4][0] switch
        {
            'A' => FileOperation.Added,
            'D' => FileOperation.Deleted,
            _ when before == after => FileOperation.ModeChanged,
            _ => FileOperation.Modified,
        };

        return new FileChange(new GitPath(Encoding.Latin1.GetBytes(path)), operation, before, after, mode, 0, 0);
    }

    private static string? Oid(string text) => text.All(c => c == '0') ? null : text;

    private static int Lines(string text) => text == "-" ? -1 : int.Parse(text, CultureInfo.InvariantCulture);
}
