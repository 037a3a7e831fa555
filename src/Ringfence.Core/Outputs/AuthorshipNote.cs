using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Ringfence.Outputs;

/// <summary>
/// Which lines of a commit an agent wrote, in the form of the Git AI Standard 3.0.0 (<c>refs/notes/ai</c>): files with ranges of lines, three dashes,
/// and what the key of the ranges stands for. Every line that a run's commit adds is the run's: nobody else had a hand in it.
/// </summary>
public static partial class AuthorshipNote
{
    public const string Ref = "refs/notes/ai";

    /// <param name="diff">Of the commit to its parent, without context, paths unquoted where git can.</param>
    /// <param name="author">Who asked for the run.</param>
    /// <returns>The note; null when the commit adds no line that can be named.</returns>
    public static string? Of(string diff, string commit, string agent, string run, string model, string author)
    {
        var key = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{agent}:{run}")))[..16];
        var files = Ranges(diff, out var added, out var removed);

        if (files.Count == 0)
        {
            return null;
        }

        var text = new StringBuilder();

        foreach (var (path, ranges) in files)
        {
            // A path with a blank stands in quotes.
            text.Append(path.Contains(' ', StringComparison.Ordinal) ? $"\"{path}\"" : path).Append('\n')
                .Append("  ").Append(key).Append(' ').AppendJoin(',', ranges.Select(Range)).Append('\n');
        }

        return text.Append("---\n").Append(Metadata(key, commit, agent, run, model, author, added, removed)).Append('\n').ToString();
    }

    private static List<(string Path, List<(int First, int Last)> Ranges)> Ranges(string diff, out int added, out int removed)
    {
        var files = new List<(string Path, List<(int, int)> Ranges)>();
        (added, removed) = (0, 0);
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
                        files.Add((path, []));
                    }

                    files[^1].Ranges.Add((first, first + count - 1));
                }
            }
        }

        return files;
    }

    private static string Metadata(string key, string commit, string agent, string run, string model, string author, int added, int removed)
    {
        using var stream = new MemoryStream();

        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
        {
            json.WriteStartObject();
            json.WriteString("schema_version", "authorship/3.0.0");
            json.WriteString("base_commit_sha", commit);
            json.WriteStartObject("prompts");
            json.WriteStartObject(key);
            json.WriteStartObject("agent_id");
            json.WriteString("tool", agent);
            json.WriteString("id", run);
            json.WriteString("model", model);
            json.WriteEndObject();
            json.WriteString("human_author", author);
            json.WriteStartArray("messages");
            json.WriteEndArray();
            json.WriteNumber("total_additions", added);
            json.WriteNumber("total_deletions", removed);
            json.WriteNumber("accepted_lines", added);
            json.WriteNumber("overriden_lines", 0);
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private static string Range((int First, int Last) range) => range.First == range.Last
        ? range.First.ToString(CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{range.First}-{range.Last}");

    private static int Count(Group group) => group.Success ? Number(group) : 1;

    private static int Number(Group group) => int.Parse(group.ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")]
    private static partial Regex Hunk();
}
