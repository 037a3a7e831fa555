using System.Text.Json.Nodes;

namespace Ringfence.Agent.Tools;

internal sealed class GlobTool : Tool
{
    private const int Most = 100;

    public override string Name => "Glob";

    public override string Description =>
        "Finds files by name, the most recently changed first: patterns such as `**/*.cs` or `src/**/*.{ts,tsx}`. "
        + "Leaves out .git and what .gitignore names. Shows at most 100 and says how many there are.";

    public override JsonObject InputSchema { get; } = ToolInput.Schema(
        ("pattern", "string!", "The pattern"),
        ("path", "string", "The directory to search; default: the working directory"));

    public override bool ReadsOnly => true;

    public override ToolSubject Subject(JsonObject input, Workplace workplace) => new(ToolKind.Read, workplace.Resolve(input.Text("path") ?? "."));

    public override Task<ToolOutput> RunAsync(ToolCall call, CancellationToken cancellationToken) => Task.Run(() => Run(call, cancellationToken), cancellationToken);

    private static ToolOutput Run(ToolCall call, CancellationToken cancellationToken)
    {
        var directory = call.Workplace.Resolve(call.Input.Text("path") ?? ".");
        var text = call.Input.Text("pattern")!;

        if (!Directory.Exists(directory))
        {
            return ToolOutput.Error($"Directory does not exist: {directory}");
        }

        if (Path.IsPathRooted(text))
        {
            var fixedPart = text.Split('/').TakeWhile(s => s.AsSpan().IndexOfAny("*?[{") < 0).ToArray();
            directory = Path.GetFullPath(string.Join('/', fixedPart) + "/");
            text = string.Join('/', text.Split('/').Skip(fixedPart.Length));
        }

        var started = call.Workplace.Time.GetTimestamp();
        var pattern = new GlobPattern(text.StartsWith("./", StringComparison.Ordinal) ? text[2..] : text);
        var prefix = directory.EndsWith('/') ? directory.Length : directory.Length + 1;

        var found = new List<(string Path, DateTime Modified)>();

        if (Directory.Exists(directory))
        {
            FileWalk.Visit(directory.Length > 1 ? directory.TrimEnd('/') : directory, file =>
            {
                if (pattern.Matches(file.AsSpan(prefix)))
                {
                    var entry = (file, File.GetLastWriteTimeUtc(file));

                    lock (found)
                    {
                        found.Add(entry);
                    }
                }
            }, cancellationToken);
        }

        found.Sort((a, b) => b.Modified.CompareTo(a.Modified) is not 0 and var order ? order : string.CompareOrdinal(a.Path, b.Path));
        var shown = found.Take(Most).Select(f => f.Path).ToArray();
        var message = shown.Length == 0 ? "No files found" : string.Join('\n', shown);

        if (found.Count > shown.Length)
        {
            message += $"\n[{shown.Length} of {found.Count} files are shown. Use a narrower pattern or path for the rest.]";
        }

        return ToolOutput.Text(message, new JsonObject
        {
            ["filenames"] = Json.Strings(shown),
            ["durationMs"] = (long)call.Workplace.Time.GetElapsedTime(started).TotalMilliseconds,
            ["numFiles"] = shown.Length,
            ["truncated"] = found.Count > shown.Length,
        });
    }
}
