using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Ringfence.Outputs;

/// <summary>
/// Which lines of a commit an agent wrote, in the form of the Git AI Standard 3.0.0 (<c>refs/notes/ai</c>): files with ranges of lines, three dashes,
/// and what the key of the ranges stands for. Every line that a run's commit adds is the run's: nobody else had a hand in it.
/// </summary>
public static class AuthorshipNote
{
    public const string Ref = "refs/notes/ai";

    /// <param name="author">Who asked for the run.</param>
    public static string Of(AddedLines lines, string commit, string agent, string run, string model, string author)
    {
        var key = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{agent}:{run}")))[..16];
        var text = new StringBuilder();

        foreach (var (path, ranges) in lines.Files)
        {
            // A path with a blank stands in quotes.
            text.Append(path.Contains(' ', StringComparison.Ordinal) ? $"\"{path}\"" : path).Append('\n')
                .Append("  ").Append(key).Append(' ').AppendJoin(',', ranges.Select(Range)).Append('\n');
        }

        return text.Append("---\n").Append(Metadata(key, commit, agent, run, model, author, lines.Added, lines.Removed)).Append('\n').ToString();
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
}
