using System.Globalization;
using System.Text;

namespace Ringfence.Agent.Tools;

/// <summary>Finds what shall be replaced: exactly, else apart from white space, and never by guessing between two places.</summary>
internal static class TextMatch
{
    /// <param name="At">Ranges of the text, in order, with what goes there.</param>
    /// <param name="Refusal">Why there is no match; tells the model what was found instead.</param>
    public readonly record struct Found(IReadOnlyList<(int Start, int Length, string Replacement)> At, string? Refusal, bool WasTolerant = false);

    public static Found Find(string text, string old, string replacement, bool all, bool crLf)
    {
        var found = Exact(text, old, WithLineEnds(replacement, crLf), all);

        // The model sees lines, not their ends: in a file with CR LF its line feeds mean those.
        if (found.Count == 0 && old.Contains('\n') && !old.Contains('\r') && text.Contains("\r\n", StringComparison.Ordinal))
        {
            found = Exact(text, old.Replace("\n", "\r\n", StringComparison.Ordinal), WithLineEnds(replacement, crLf: true), all);
        }

        if (found.Count == 1 || (found.Count > 1 && all))
        {
            return new Found(found, null);
        }

        if (found.Count > 1)
        {
            return new Found([], $"Found {found.Count} matches of old_string, at lines {Lines(text, found.Select(f => f.Start))}, but replace_all is false. "
                + "Give more lines around the one you mean, or set replace_all.");
        }

        return Tolerant(text, old, replacement, all, crLf);
    }

    private static List<(int Start, int Length, string Replacement)> Exact(string text, string old, string replacement, bool all)
    {
        var found = new List<(int, int, string)>();

        for (var at = text.IndexOf(old, StringComparison.Ordinal); at >= 0; at = text.IndexOf(old, at + (all ? old.Length : 1), StringComparison.Ordinal))
        {
            found.Add((at, old.Length, replacement));
        }

        return found;
    }

    /// <summary>Whole lines that are equal but for white space at their ends, when the indentation differs in one and the same way.</summary>
    private static Found Tolerant(string text, string old, string replacement, bool all, bool crLf)
    {
        var wanted = old.TrimEnd('\n', '\r').Split('\n').Select(l => l.TrimEnd('\r')).ToArray();
        var lines = Split(text);
        var found = new List<(int, int, string)>();
        var starts = new List<int>();
        string? indentation = null;

        for (var first = 0; first + wanted.Length <= lines.Count && wanted.Any(w => !string.IsNullOrWhiteSpace(w)); first++)
        {
            if (!Same(text, lines, first, wanted))
            {
                continue;
            }

            starts.Add(lines[first].Start);
            var reindented = Reindent(text, lines, first, wanted, replacement);
            indentation = reindented is null ? "its indentation differs in more than one way" : indentation;

            if (reindented is not null)
            {
                var last = lines[first + wanted.Length - 1];
                var end = old.EndsWith('\n') ? last.Start + last.Length + last.End : last.Start + last.Length;
                found.Add((lines[first].Start, end - lines[first].Start, WithLineEnds(reindented, crLf)));
            }
        }

        if (starts.Count > 1 && !all)
        {
            return new Found([], $"old_string does not match exactly, and apart from white space it matches {starts.Count} places, at lines "
                + $"{Lines(text, starts)}. Copy the one you mean exactly as Read shows it.");
        }

        if (found.Count > 0 && found.Count == starts.Count)
        {
            return new Found(found, null, WasTolerant: true);
        }

        if (starts.Count > 0)
        {
            return new Found([], $"old_string matches line {Lines(text, starts)} only apart from white space, and {indentation}. Copy it exactly:\n"
                + Excerpt(text, lines, LineOf(text, starts[0]) - 1, wanted.Length));
        }

        return new Found([], NotFound(text, lines, wanted, old));
    }

    private static string NotFound(string text, List<Line> lines, string[] wanted, string old)
    {
        var (best, score) = (-1, 0);

        for (var first = 0; first < lines.Count; first++)
        {
            var same = 0;

            for (var i = 0; i < wanted.Length && first + i < lines.Count; i++)
            {
                var line = text.AsSpan(lines[first + i].Start, lines[first + i].Length).Trim();
                same += line.Length > 0 && line.SequenceEqual(wanted[i].AsSpan().Trim()) ? 2 : 0;
            }

            (best, score) = same > score ? (first, same) : (best, score);
        }

        var refusal = $"String to replace not found in file.\nString: {(old.Length > 400 ? old[..400] + "…" : old)}";

        return best < 0
            ? refusal + "\nNo line of it is in the file. Read the file again."
            : refusal + $"\n{score / 2} of its {wanted.Length} lines are at line {best + 1}; the file says there:\n" + Excerpt(text, lines, best, wanted.Length);
    }

    private static string Excerpt(string text, List<Line> lines, int first, int count)
    {
        var excerpt = new StringBuilder();

        for (var i = first; i < Math.Min(lines.Count, first + Math.Min(count, 20)); i++)
        {
            excerpt.Append(CultureInfo.InvariantCulture, $"{i + 1,6}→").Append(text, lines[i].Start, Math.Min(lines[i].Length, 500)).Append('\n');
        }

        return excerpt.ToString();
    }

    private static bool Same(string text, List<Line> lines, int first, string[] wanted)
    {
        for (var i = 0; i < wanted.Length; i++)
        {
            if (!text.AsSpan(lines[first + i].Start, lines[first + i].Length).Trim().SequenceEqual(wanted[i].AsSpan().Trim()))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The replacement with the file's indentation in place of the model's; null when no single exchange explains every line.</summary>
    private static string? Reindent(string text, List<Line> lines, int first, string[] wanted, string replacement)
    {
        string? theirs = null;
        string? ours = null;

        for (var i = 0; i < wanted.Length; i++)
        {
            if (string.IsNullOrWhiteSpace(wanted[i]))
            {
                continue;
            }

            var inFile = Indentation(text.AsSpan(lines[first + i].Start, lines[first + i].Length)).ToString();
            var inModel = Indentation(wanted[i]).ToString();
            (theirs, ours) = (theirs ?? inModel, ours ?? inFile);

            if (!inModel.StartsWith(theirs, StringComparison.Ordinal) || inFile != ours + inModel[theirs.Length..])
            {
                return null;
            }
        }

        var result = replacement.Split('\n');

        for (var i = 0; i < result.Length; i++)
        {
            if (string.IsNullOrWhiteSpace(result[i]))
            {
                continue;
            }

            if (!result[i].StartsWith(theirs!, StringComparison.Ordinal))
            {
                return null;
            }

            result[i] = ours + result[i][theirs!.Length..];
        }

        return string.Join('\n', result);
    }

    private static ReadOnlySpan<char> Indentation(ReadOnlySpan<char> line) => line[..(line.Length - line.TrimStart(" \t").Length)];

    private static string WithLineEnds(string text, bool crLf) =>
        crLf && !text.Contains('\r') ? text.Replace("\n", "\r\n", StringComparison.Ordinal) : text;

    private static string Lines(string text, IEnumerable<int> starts) =>
        string.Join(", ", starts.Take(10).Select(s => LineOf(text, s).ToString(CultureInfo.InvariantCulture)));

    private static int LineOf(string text, int at) => text.AsSpan(0, at).Count('\n') + 1;

    private readonly record struct Line(int Start, int Length, int End);

    private static List<Line> Split(string text)
    {
        var lines = new List<Line>();

        for (var start = 0; start < text.Length;)
        {
            var feed = text.IndexOf('\n', start);
            var end = feed < 0 ? text.Length : feed;
            var length = feed > start && text[feed - 1] == '\r' ? end - 1 - start : end - start;
            lines.Add(new Line(start, length, (feed < 0 ? text.Length : feed + 1) - start - length));
            start = feed < 0 ? text.Length : feed + 1;
        }

        return lines;
    }
}
