using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Text.Unicode;

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

    private readonly Regex? regex;
    private readonly byte[]? literal;
    private readonly SearchValues<string>? caseless;
    private readonly GlobPattern? glob;
    private readonly bool globHasPath;
    private readonly GlobPattern? type;
    private readonly bool multiline;
    private readonly bool withLines;
    private readonly bool firstOnly;
    private readonly int before;
    private readonly int after;

    private GrepQuery(JsonObject input, Regex regex, GlobPattern? type)
    {
        var pattern = input.Text("pattern")!;
        this.regex = regex;
        this.type = type;
        multiline = input.Flag("multiline") ?? false;
        withLines = input.Text("output_mode") == "content";
        firstOnly = input.Text("output_mode") is null or "files_with_matches";
        var around = (int)Math.Clamp(input.Integer("-C") ?? 0, 0, 10_000);
        before = (int)Math.Clamp(input.Integer("-B") ?? around, 0, 10_000);
        after = (int)Math.Clamp(input.Integer("-A") ?? around, 0, 10_000);

        // A file without the bytes that every match contains needs neither decoding nor a regular expression.
        if (RequiredText.Of(pattern) is { Length: > 0 } required)
        {
            literal = input.Flag("-i") is true ? null : Encoding.ASCII.GetBytes(required);
            caseless = input.Flag("-i") is true ? SearchValues.Create([required], StringComparison.OrdinalIgnoreCase) : null;
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

    public bool Takes(ReadOnlySpan<char> path)
    {
        var name = Path.GetFileName(path);
        return (type?.Matches(name) ?? true) && (glob is null || glob.Matches(globHasPath ? path : name));
    }

    /// <summary>Null when nothing in the file matches, or it is not text.</summary>
    /// <exception cref="IOException">It may not be read.</exception>
    public GrepFile? Search(string path, int largest)
    {
        if (!FileContent.TryRead(path, largest, out var content))
        {
            return null;
        }

        using (content)
        {
            var bytes = content.Bytes;
            var isUtf16 = bytes is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..];
            return !isUtf16 && (literal is not null && bytes.IndexOf(literal) < 0) ? null
                : isUtf16 || bytes is [0xEF, 0xBB, 0xBF, ..] ? TextFile.Decode(bytes.ToArray()) is { } file ? Search(Unix(file.Text)) : null
                : SearchBytes(bytes);
        }
    }

    private GrepFile? SearchBytes(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Contains((byte)0))
        {
            return null;
        }

        var characters = ArrayPool<char>.Shared.Rent(bytes.Length);

        try
        {
            var count = Utf8.ToUtf16(bytes, characters, out _, out var written, replaceInvalidSequences: false) == OperationStatus.Done
                ? written
                : Encoding.Latin1.GetChars(bytes, characters);
            var text = characters.AsSpan(0, count);

            // Beyond ASCII there are letters whose other case is another for the regular expression than for us.
            if (caseless is not null && count == bytes.Length && Ascii.IsValid(bytes) && !text.ContainsAny(caseless))
            {
                return null;
            }

            return text.Contains('\r') ? Search(Unix(text.ToString())) : Search(text);
        }
        finally
        {
            ArrayPool<char>.Shared.Return(characters);
        }
    }

    // A line feed ends a line for `$`, so that the carriage return before it must not stand in the way.
    private static string Unix(string text) => text.Replace("\r\n", "\n", StringComparison.Ordinal);

    private GrepFile? Search(ReadOnlySpan<char> text)
    {
        var matched = new SortedSet<int>();
        var count = 0;
        var (line, from) = (1, 0);

        foreach (var match in regex!.EnumerateMatches(text))
        {
            if (!multiline && text.Slice(match.Index, match.Length).Contains('\n') && match.Length > 0)
            {
                continue;
            }

            if (match.Index >= text.Length && text.Length > 0 && text[^1] == '\n' && match.Length == 0)
            {
                continue;
            }

            line += text[from..match.Index].Count('\n');
            from = match.Index;
            var last = line + text.Slice(match.Index, match.Length).TrimEnd('\n').Count('\n');
            count += multiline || matched.Count == 0 || matched.Max < line ? 1 : 0;

            for (var l = line; l <= last; l++)
            {
                matched.Add(l);
            }

            if (count > 0 && firstOnly)
            {
                break;
            }
        }

        return count == 0 ? null : new GrepFile(count, withLines ? Lines(text.ToString(), matched) : []);
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
