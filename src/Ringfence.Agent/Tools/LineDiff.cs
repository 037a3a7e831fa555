using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Ringfence.Agent.Tools;

/// <summary>
/// The difference of two texts as hunks. Equal lines at both ends are left out and the rest is compared line by line (Myers), unless it is so
/// large that a plain replacement is the better answer.
/// </summary>
internal static class LineDiff
{
    /// <summary>Equal lines that are shown on each side of a change.</summary>
    public const int Around = 3;

    /// <param name="above">Lines before both texts, where they are parts of larger ones.</param>
    public static JsonArray Hunks(string before, string after, int above = 0)
    {
        var hunks = new JsonArray();

        foreach (var hunk in Compute(before, after))
        {
            hunks.Add((JsonNode)new JsonObject
            {
                ["oldStart"] = hunk.OldStart + above, ["oldLines"] = hunk.OldLines, ["newStart"] = hunk.NewStart + above, ["newLines"] = hunk.NewLines,
                ["lines"] = Json.Strings(hunk.Lines),
            });
        }

        return hunks;
    }

    /// <summary>The new text around each hunk, numbered, so that the model sees what it made.</summary>
    public static string Excerpt(JsonArray hunks)
    {
        const int MostLines = 60;
        var excerpt = new StringBuilder();
        var shown = 0;

        foreach (var hunk in hunks)
        {
            var number = (int)(hunk.Integer("newStart") ?? 1);

            foreach (var line in hunk.Array("lines")!.Select(l => l!.ToString()).Where(l => l[0] != '-'))
            {
                if (shown++ < MostLines)
                {
                    excerpt.Append(CultureInfo.InvariantCulture, $"{number++,6}→").Append(line.AsSpan(1).TrimEnd('\r')).Append('\n');
                }
            }
        }

        return shown <= MostLines ? excerpt.ToString() : excerpt.Append("[more lines were changed than are shown]\n").ToString();
    }

    /// <summary>How many lines came and how many went.</summary>
    public static (int Insertions, int Deletions) Count(string before, string after)
    {
        var lines = Compute(before, after).SelectMany(h => h.Lines).ToArray();
        return (lines.Count(l => l[0] == '+'), lines.Count(l => l[0] == '-'));
    }

    public sealed record Hunk(int OldStart, int OldLines, int NewStart, int NewLines, IReadOnlyList<string> Lines);

    /// <summary>Looks only at what is neither in the beginning nor in the end of both: an edit of a large file costs what the edit costs.</summary>
    public static IReadOnlyList<Hunk> Compute(string before, string after)
    {
        var start = before.AsSpan().CommonPrefixLength(after);
        var tail = CommonEnd(before.AsSpan(start), after.AsSpan(start));
        start = LinesBack(before, start, Around + 1);
        var (end, endAfter) = (before.Length - tail, after.Length - tail);
        var more = LinesForward(before, end, Around + 1) - end;
        var above = before.AsSpan(0, start).Count('\n');

        return [.. Compute(Lines(before[start..(end + more)]), Lines(after[start..(endAfter + more)]))
            .Select(hunk => hunk with { OldStart = hunk.OldStart + above, NewStart = hunk.NewStart + above })];
    }

    private static int CommonEnd(ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        const int Step = 4096;
        var (common, most) = (0, Math.Min(a.Length, b.Length));

        while (common + Step <= most && a[^(common + Step)..^common].SequenceEqual(b[^(common + Step)..^common]))
        {
            common += Step;
        }

        while (common < most && a[^(common + 1)] == b[^(common + 1)])
        {
            common++;
        }

        return common;
    }

    private static int LinesBack(string text, int at, int lines)
    {
        for (; lines > 0 && at > 0; lines--)
        {
            at = text.AsSpan(0, at - 1).LastIndexOf('\n') + 1;
        }

        return at;
    }

    private static int LinesForward(string text, int at, int lines)
    {
        for (; lines > 0 && at < text.Length; lines--)
        {
            at = text.IndexOf('\n', at) is >= 0 and var feed ? feed + 1 : text.Length;
        }

        return at;
    }

    private static List<Hunk> Compute(string[] before, string[] after)
    {
        var head = 0;

        while (head < before.Length && head < after.Length && before[head] == after[head])
        {
            head++;
        }

        var tail = 0;

        while (tail < before.Length - head && tail < after.Length - head && before[^(tail + 1)] == after[^(tail + 1)])
        {
            tail++;
        }

        var steps = LineSteps.Of(before.AsSpan(head, before.Length - head - tail), after.AsSpan(head, after.Length - head - tail));
        return Group(before, after, head, steps, tail);
    }

    public static string[] Lines(string text)
    {
        var lines = text.Split('\n');
        return lines[^1].Length == 0 ? lines[..^1] : lines;
    }

    private static List<Hunk> Group(string[] before, string[] after, int head, List<char> steps, int tail)
    {
        var all = new List<(char Step, int Old, int New)>();
        var (o, n) = (Math.Max(0, head - Around), Math.Max(0, head - Around));

        for (; o < head; o++, n++)
        {
            all.Add((' ', o, n));
        }

        foreach (var step in steps)
        {
            all.Add((step, o, n));
            o += step is ' ' or '-' ? 1 : 0;
            n += step is ' ' or '+' ? 1 : 0;
        }

        for (var i = 0; i < Math.Min(tail, Around); i++, o++, n++)
        {
            all.Add((' ', o, n));
        }

        var hunks = new List<Hunk>();

        for (var i = 0; i < all.Count;)
        {
            if (all[i].Step == ' ')
            {
                i++;
                continue;
            }

            var first = Math.Max(0, i - Around);
            var last = i;

            for (var j = i; j < all.Count && j - last <= 2 * Around; j++)
            {
                last = all[j].Step != ' ' ? j : last;
            }

            var end = Math.Min(all.Count, last + Around + 1);
            var part = all[first..end];

            hunks.Add(new Hunk(
                part[0].Old + 1, part.Count(p => p.Step != '+'), part[0].New + 1, part.Count(p => p.Step != '-'),
                [.. part.Select(p => p.Step + (p.Step == '+' ? after[p.New] : before[p.Old]))]));

            i = end;
        }

        return hunks;
    }
}
