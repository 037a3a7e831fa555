using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Ringfence.Agent.Tools;

/// <summary>Lines of one file; number 0 parts two groups that are not neighbours.</summary>
internal sealed record GrepFile(int Count, IReadOnlyList<GrepLine> Lines);

internal readonly record struct GrepLine(int Number, bool IsMatch, string Text);

/// <summary>One search, ready to be run over many files at the same time.</summary>
internal sealed class GrepQuery
{
    private static readonly Dictionary<string, string> Types = new(StringComparer.Ordinal)
    {
        ["cs"] = "*.cs", ["csharp"] = "*.cs", ["js"] = "*.{js,jsx,mjs,cjs}", ["ts"] = "*.{ts,tsx,mts,cts}", ["py"] = "*.{py,pyi}", ["go"] = "*.go",
        ["rust"] = "*.rs", ["java"] = "*.java", ["c"] = "*.{c,h}", ["cpp"] = "*.{cpp,cc,cxx,hpp,hh,h}", ["rb"] = "*.rb", ["ruby"] = "*.rb", ["php"] = "*.php",
        ["md"] = "*.{md,markdown}", ["json"] = "*.json", ["yaml"] = "*.{yml,yaml}", ["toml"] = "*.toml", ["xml"] = "*.{xml,csproj,props,targets}",
        ["html"] = "*.{html,htm}", ["css"] = "*.{css,scss,sass,less}", ["sh"] = "*.{sh,bash}", ["sql"] = "*.sql", ["kotlin"] = "*.{kt,kts}", ["swift"] = "*.swift",
        ["scala"] = "*.scala", ["fsharp"] = "*.{fs,fsx,fsi}", ["vue"] = "*.vue", ["svelte"] = "*.svelte", ["txt"] = "*.txt", ["proto"] = "*.proto", ["lua"] = "*.lua",
    };

    private static readonly SearchValues<char> NotPlain = SearchValues.Create(@"\*+?|{}[]()^$.# ");

    private readonly Regex? regex;
    private readonly byte[]? literal;
    private readonly GlobPattern? glob;
    private readonly bool globHasPath;
    private readonly GlobPattern? type;
    private readonly bool multiline;
    private readonly bool withLines;
    private readonly int before;
    private readonly int after;

    private GrepQuery(JsonObject input, Regex regex, GlobPattern? type)
    {
        var pattern = input.Text("pattern")!;
        this.regex = regex;
        this.type = type;
        multiline = input.Flag("multiline") ?? false;
        withLines = input.Text("output_mode") == "content";
        var around = (int)Math.Clamp(input.Integer("-C") ?? 0, 0, 10_000);
        before = (int)Math.Clamp(input.Integer("-B") ?? around, 0, 10_000);
        after = (int)Math.Clamp(input.Integer("-A") ?? around, 0, 10_000);

        // A file without the bytes of a plain pattern needs neither decoding nor a regular expression.
        if (input.Flag("-i") is not true && !pattern.AsSpan().ContainsAny(NotPlain))
        {
            literal = Encoding.UTF8.GetBytes(pattern);
        }

        if (input.Text("glob") is { Length: > 0 } names)
        {
            globHasPath = names.Contains('/');
            glob = new GlobPattern(globHasPath ? names.TrimStart('/') : names);
        }
    }

    private GrepQuery(string refusal) => Refusal = refusal;

    public string? Refusal { get; }

    public static GrepQuery Create(JsonObject input, TimeSpan timeout)
    {
        var options = RegexOptions.CultureInvariant | (input.Flag("-i") is true ? RegexOptions.IgnoreCase : 0) | (input.Flag("multiline") is true ? RegexOptions.Singleline : 0);

        if (input.Text("type") is { Length: > 0 } name && !Types.ContainsKey(name))
        {
            return new GrepQuery($"Unknown type: {name}. Known: {string.Join(", ", Types.Keys)}. Use glob instead.");
        }

        try
        {
            var regex = new Regex(input.Text("pattern")!, options | RegexOptions.Multiline, timeout);
            return new GrepQuery(input, regex, input.Text("type") is { Length: > 0 } type ? new GlobPattern(Types[type]) : null);
        }
        catch (ArgumentException e)
        {
            return new GrepQuery($"The pattern is not a regular expression: {e.Message}");
        }
    }

    public bool Takes(string path)
    {
        var name = Path.GetFileName(path);
        return (type?.Matches(name) ?? true) && (glob is null || glob.Matches(globHasPath ? path : name));
    }

    /// <summary>Null when nothing in the file matches, or it is not text.</summary>
    public GrepFile? Search(string path, long largest)
    {
        var info = new FileInfo(path);

        if (!info.Exists || info.Length == 0 || info.Length > largest || (info.Attributes & FileAttributes.Device) != 0)
        {
            return null;
        }

        var bytes = File.ReadAllBytes(path);

        if (literal is not null && bytes.AsSpan().IndexOf(literal) < 0 && bytes is not ([0xFF, 0xFE, ..] or [0xFE, 0xFF, ..]))
        {
            return null;
        }

        return TextFile.Decode(bytes) is { } file ? Search(file.Text) : null;
    }

    private GrepFile? Search(string text)
    {
        // A line feed ends a line for `$`, so that the carriage return before it must not stand in the way.
        text = text.Contains('\r') ? text.Replace("\r\n", "\n", StringComparison.Ordinal) : text;
        var matched = new SortedSet<int>();
        var count = 0;
        var (line, from) = (1, 0);

        foreach (var match in regex!.EnumerateMatches(text))
        {
            if (!multiline && text.AsSpan(match.Index, match.Length).Contains('\n') && match.Length > 0)
            {
                continue;
            }

            if (match.Index >= text.Length && text.Length > 0 && text[^1] == '\n' && match.Length == 0)
            {
                continue;
            }

            line += text.AsSpan(from, match.Index - from).Count('\n');
            from = match.Index;
            var last = line + text.AsSpan(match.Index, match.Length).TrimEnd('\n').Count('\n');
            count += multiline || matched.Count == 0 || matched.Max < line ? 1 : 0;

            for (var l = line; l <= last; l++)
            {
                matched.Add(l);
            }

            if (!withLines && count > 0 && !multiline && matched.Count > 100_000)
            {
                break;
            }
        }

        return count == 0 ? null : new GrepFile(count, withLines ? Lines(text, matched) : []);
    }

    private List<GrepLine> Lines(string text, SortedSet<int> matched)
    {
        var lines = text.Split('\n');
        var result = new List<GrepLine>();
        var shown = 0;

        foreach (var match in matched)
        {
            var first = Math.Max(shown + 1, match - before);

            if (shown > 0 && first > shown + 1 && (before > 0 || after > 0))
            {
                result.Add(default);
            }

            for (var l = first; l <= Math.Min(lines.Length, match + after); l++)
            {
                result.Add(new GrepLine(l, matched.Contains(l), lines[l - 1]));
                shown = l;
            }
        }

        return result;
    }
}
