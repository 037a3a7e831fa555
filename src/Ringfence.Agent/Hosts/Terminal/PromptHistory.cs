using System.Text;
using System.Text.Json.Nodes;

namespace Ringfence.Agent.Hosts.Terminal;

/// <summary>A prompt as it was written: what was pasted stands in it under a name.</summary>
/// <param name="Pastes">Names, and what they stand for.</param>
/// <param name="Images">Names, and the files they stand for.</param>
internal sealed record Written(string Shown, IReadOnlyDictionary<string, string> Pastes, IReadOnlyDictionary<string, string> Images)
{
    private static readonly Dictionary<string, string> None = [];

    public Written(string text)
        : this(text, None, None)
    {
    }

    /// <summary>With every paste in full.</summary>
    public string Text => Pastes.Aggregate(Shown, (t, p) => t.Replace(p.Key, p.Value, StringComparison.Ordinal));
}

/// <summary>Earlier prompts of this directory, the newest last; kept in a file, so that they are there tomorrow.</summary>
internal sealed class PromptHistory
{
    private const int Most = 1000;
    private const int LongestKept = 64 * 1024;

    private readonly List<Written> prompts = [];
    private readonly string? file;
    private readonly string directory;

    /// <param name="file">Null keeps nothing.</param>
    /// <param name="directory">Prompts of others are not shown.</param>
    public PromptHistory(string? file = null, string directory = "")
    {
        (this.file, this.directory) = (file, directory);

        foreach (var line in file is not null && File.Exists(file) ? File.ReadLines(file).TakeLast(Most * 5) : [])
        {
            // A line that another program is just writing, or that was cut, is no reason not to start.
            if (Json.TryParseObject(line) is { } kept && kept.Text("directory") == directory && kept.Text("prompt") is { Length: > 0 } prompt)
            {
                var pastes = (kept.Object("pastes") ?? []).Where(p => p.Value is not null).ToDictionary(p => p.Key, p => p.Value!.ToString(), StringComparer.Ordinal);
                prompts.Add(new Written(prompt, pastes, new Dictionary<string, string>()));
            }
        }
    }

    public IReadOnlyList<Written> Prompts => prompts;

    public void Add(Written prompt)
    {
        if (prompt.Shown.Trim().Length == 0 || (prompts is [.., var last] && last.Shown == prompt.Shown))
        {
            return;
        }

        prompts.Add(prompt);

        if (file is not null && prompt.Text.Length <= LongestKept)
        {
            Keep(prompt);
        }
    }

    private void Keep(Written prompt)
    {
        var pastes = new JsonObject();

        foreach (var (name, text) in prompt.Pastes)
        {
            pastes[name] = text;
        }

        var line = new JsonObject { ["directory"] = directory, ["prompt"] = prompt.Shown, ["pastes"] = pastes }.ToText() + "\n";

        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file!)!);
            using var stream = new FileStream(file!, new FileStreamOptions
            {
                Mode = FileMode.Append, Access = FileAccess.Write, Share = FileShare.ReadWrite, BufferSize = 0, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
            stream.Write(Encoding.UTF8.GetBytes(line));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It is a convenience: a full disk or a read-only home does not stop the work.
        }
    }
}
