using Ringfence.Agent.Context;

namespace Ringfence.Agent.Tools;

/// <summary>Where the tools of one session work, and what they remember between calls.</summary>
internal sealed class Workplace(string root, string scratch, TimeProvider time)
{
    private int outputs;

    /// <summary>Where the session began. Absolute, without symbolic links.</summary>
    public string Root { get; } = root;

    /// <summary>Where commands start; follows <c>cd</c>.</summary>
    public string Directory { get; set; } = root;

    /// <summary>Further directories that may be worked in.</summary>
    public List<string> AdditionalDirectories { get; } = [];

    /// <summary>Variables that commands get besides those of this process.</summary>
    public Dictionary<string, string> Environment { get; } = new(StringComparer.Ordinal);

    /// <summary>What commands run in; null where nothing makes walls, or none are wanted.</summary>
    public CommandSandbox? Sandbox { get; init; }

    /// <summary>Tells the user something that is no result of a tool.</summary>
    public Action<string>? Notify { get; set; }

    /// <summary>Holds what commands print. Not within the workspace: it is not part of the change.</summary>
    public string Scratch => scratch;

    public FilesSeen Files { get; } = new();

    public ChangeJournal Journal { get; init; } = new();

    public TodoList Todos { get; } = new();

    public BackgroundShells Shells { get; } = new();

    public TimeProvider Time => time;

    /// <summary>Environment variables that commands must not see, such as the keys of the model's gateway.</summary>
    public static IReadOnlySet<string> HiddenVariables { get; } = new HashSet<string>(StringComparer.Ordinal)
    {
        "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_CUSTOM_HEADERS", "OPENAI_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY",
        "CLAUDE_CODE_MESSAGING_TOKEN",
    };

    public string Resolve(string path)
    {
        if (path == "~" || path.StartsWith("~/", StringComparison.Ordinal))
        {
            path = System.Environment.GetFolderPath(System.Environment.SpecialFolder.UserProfile) + path[1..];
        }

        return Path.GetFullPath(path, Directory);
    }

    /// <summary>True when the path, with every symbolic link followed, lies in a directory that may be worked in.</summary>
    public bool Contains(string path)
    {
        var real = RealPath.Of(path);
        return RealPath.IsWithin(real, RealPath.Of(Root)) || AdditionalDirectories.Any(d => RealPath.IsWithin(real, RealPath.Of(d)));
    }

    /// <summary>A new file that keeps the whole output of a command.</summary>
    public string NewOutputFile()
    {
        System.IO.Directory.CreateDirectory(scratch);
        return Path.Combine(scratch, $"output-{Interlocked.Increment(ref outputs)}.txt");
    }

    /// <summary>Output files of this session may be read although they lie outside the workspace.</summary>
    public bool IsOwnOutput(string path) => RealPath.IsWithin(path, scratch);
}
