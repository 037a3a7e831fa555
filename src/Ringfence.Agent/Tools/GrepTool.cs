using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Ringfence.Agent.Tools;

internal sealed class GrepTool : Tool
{
    private const int MostCharacters = 30_000;
    private const int LongestLine = 500;
    private const int LargestFile = 64 * 1024 * 1024;
    private static readonly TimeSpan RegexTimeout = TimeSpan.FromSeconds(10);

    public override string Name => "Grep";

    public override string Description =>
        "Searches the contents of files with a regular expression (.NET syntax; escape literal braces and parentheses). `output_mode`: files_with_matches (default), "
        + "content (with -n, -A, -B, -C) or count. Narrow with `glob` (`*.ts`) or `type` (`py`). `multiline` lets a pattern span lines. "
        + "Leaves out .git, what .gitignore names, and binary files. Use this, not grep in Bash.";

    public override JsonObject InputSchema { get; } = new()
    {
        ["type"] = "object",
        ["properties"] = new JsonObject
        {
            ["pattern"] = Property("string", "The regular expression"),
            ["path"] = Property("string", "File or directory to search; default: the working directory"),
            ["glob"] = Property("string", "Only files whose name or path matches"),
            ["type"] = Property("string", "Only files of this type: cs, js, ts, py, go, rust, java, c, cpp, rb, php, md, json, yaml…"),
            ["output_mode"] = new JsonObject { ["type"] = "string", ["enum"] = new JsonArray("content", "files_with_matches", "count") },
            ["-i"] = Property("boolean", "Ignore case"),
            ["-n"] = Property("boolean", "Show line numbers; default true (content)"),
            ["-A"] = Property("integer", "Lines after each match (content)"),
            ["-B"] = Property("integer", "Lines before each match (content)"),
            ["-C"] = Property("integer", "Lines around each match (content)"),
            ["head_limit"] = Property("integer", "At most so many lines or files; default 250, 0 for all"),
            ["offset"] = Property("integer", "Leave out so many lines or files first"),
            ["multiline"] = Property("boolean", "The pattern may span lines"),
        },
        ["required"] = new JsonArray("pattern"),
        ["additionalProperties"] = false,
    };

    public override bool ReadsOnly => true;

    public override ToolSubject Subject(JsonObject input, Workplace workplace) => new(ToolKind.Read, workplace.Resolve(input.Text("path") ?? "."));

    public override Task<ToolOutput> RunAsync(ToolCall call, CancellationToken cancellationToken) => Task.Run(() => Run(call, cancellationToken), cancellationToken);

    private static ToolOutput Run(ToolCall call, CancellationToken cancellationToken)
    {
        var path = call.Workplace.Resolve(call.Input.Text("path") ?? ".");
        var query = GrepQuery.Create(call.Input, RegexTimeout);

        if (query.Refusal is not null)
        {
            return ToolOutput.Error(query.Refusal);
        }

        if (!Path.Exists(path))
        {
            return ToolOutput.Error($"Path does not exist: {path}");
        }

        var found = new List<(string Path, DateTime Modified, GrepFile Matches)>();
        var unreadable = 0;

        try
        {
            var prefix = File.Exists(path) ? 0 : path.TrimEnd('/').Length + 1;

            void Search(string file)
            {
                try
                {
                    if (query.Takes(file.AsSpan(prefix)) && query.Search(file, LargestFile) is { } matches)
                    {
                        var modified = File.GetLastWriteTimeUtc(file);

                        lock (found)
                        {
                            found.Add((file, modified, matches));
                        }
                    }
                }
                catch (IOException)
                {
                    Interlocked.Increment(ref unreadable);
                }
            }

            if (File.Exists(path))
            {
                Search(path);
            }
            else
            {
                FileWalk.Visit(path.Length > 1 ? path.TrimEnd('/') : path, Search, cancellationToken);
            }
        }
        catch (Exception e) when ((e as AggregateException)?.InnerException is RegexMatchTimeoutException || e is RegexMatchTimeoutException)
        {
            return ToolOutput.Error($"The pattern took longer than {RegexTimeout.TotalSeconds} s on one file. Use a simpler one.");
        }

        found.Sort((a, b) => string.CompareOrdinal(a.Path, b.Path));
        return Show(call, found, unreadable);
    }

    private static ToolOutput Show(ToolCall call, List<(string Path, DateTime Modified, GrepFile Matches)> found, int unreadable)
    {
        var mode = call.Input.Text("output_mode") ?? "files_with_matches";

        if (mode == "files_with_matches")
        {
            found.Sort((a, b) => b.Modified.CompareTo(a.Modified) is not 0 and var order ? order : string.CompareOrdinal(a.Path, b.Path));
        }

        var numbered = call.Input.Flag("-n") ?? true;
        string Relative(string p) => RealPath.IsWithin(p, call.Workplace.Directory) && p != call.Workplace.Directory ? Path.GetRelativePath(call.Workplace.Directory, p) : p;

        var all = mode switch
        {
            "count" => found.Select(f => $"{Relative(f.Path)}:{f.Matches.Count}"),
            "content" => found.SelectMany(f => f.Matches.Lines.Select(l => l.Number == 0 ? "--"
                : $"{Relative(f.Path)}{(l.IsMatch ? ':' : '-')}{(numbered ? l.Number.ToString(CultureInfo.InvariantCulture) + (l.IsMatch ? ':' : '-') : "")}{l.Text}")),
            _ => found.Select(f => Relative(f.Path)),
        };

        var limit = call.Input.Integer("head_limit") is { } asked ? asked <= 0 ? int.MaxValue : (int)Math.Min(asked, int.MaxValue) : 250;
        var skip = (int)Math.Max(0, call.Input.Integer("offset") ?? 0);
        var text = new StringBuilder();
        var (seen, shown) = (0, 0);

        foreach (var line in all)
        {
            if (seen++ < skip || shown >= limit || text.Length > MostCharacters)
            {
                continue;
            }

            text.Append(line.Length > LongestLine ? $"{line.AsSpan(0, LongestLine)}… [{line.Length - LongestLine} more characters]" : line).Append('\n');
            shown++;
        }

        var what = mode == "content" ? "lines" : "files";
        var matches = found.Sum(f => f.Matches.Count);

        var message = seen == 0 ? "No matches found\n"
            : mode == "files_with_matches" ? $"Found {found.Count} file{(found.Count == 1 ? "" : "s")}\n{text}"
            : mode == "count" ? $"{text}\nFound {matches} matches in {found.Count} files.\n" : text.ToString();

        message += shown < seen ? $"[{what} {skip + 1} to {skip + shown} of {seen} are shown. Use head_limit and offset for the rest.]\n" : "";
        message += unreadable > 0 ? $"[{unreadable} files could not be read.]\n" : "";

        return ToolOutput.Text(message.TrimEnd('\n'), new JsonObject
        {
            ["mode"] = mode,
            ["numFiles"] = found.Count,
            ["filenames"] = Json.Strings(found.Select(f => Relative(f.Path)).Take(250)),
            ["content"] = mode == "content" ? text.ToString() : null,
            ["numLines"] = mode == "content" ? shown : null,
            ["numMatches"] = mode == "files_with_matches" ? null : matches,
        });
    }

    private static JsonObject Property(string type, string meaning) => new() { ["type"] = type, ["description"] = meaning };
}
