using System.Text;

namespace Ringfence.Agent.Context;

/// <summary>
/// What a project's people wrote down for agents: <c>CLAUDE.md</c>, <c>CLAUDE.local.md</c> and <c>AGENTS.md</c>, of the user and of every directory from the repository's
/// top down to here. They are part of the system prompt, so that no compaction can lose a word of them.
/// </summary>
internal static class MemoryFiles
{
    private const int MostCharacters = 100_000;
    private const int DeepestImport = 5;
    private static readonly string[] Names = ["CLAUDE.md", ".claude/CLAUDE.md", "CLAUDE.local.md"];

    /// <summary>Paths that were read, the most general first, and their text as the model is told it.</summary>
    public static (IReadOnlyList<string> Paths, string Text) Read(string root, string userDirectory)
    {
        var seen = new List<string>();
        var text = new StringBuilder();

        foreach (var path in Candidates(root, userDirectory))
        {
            Append(path, text, seen, depth: 0);
        }

        if (text.Length > MostCharacters)
        {
            text.Length = MostCharacters;
            text.Append("\n[The rest of the instructions is left out: they are longer than 100,000 characters.]\n");
        }

        return (seen, text.Length == 0 ? "" : "Instructions by the project's people. They hold for everything you do here.\n" + text);
    }

    private static IEnumerable<string> Candidates(string root, string userDirectory)
    {
        yield return Path.Combine(userDirectory, "CLAUDE.md");

        var directories = new Stack<string>();

        for (var at = root; at is not null; at = Path.GetDirectoryName(at))
        {
            directories.Push(at);

            if (Path.Exists(Path.Combine(at, ".git")))
            {
                break;
            }
        }

        // Without a repository only the directory itself is the project: nobody means a file in /tmp.
        var inRepository = Path.Exists(Path.Combine(directories.Peek(), ".git"));

        foreach (var directory in inRepository ? [.. directories] : new[] { root })
        {
            foreach (var name in Names)
            {
                yield return Path.Combine(directory, name);
            }

            yield return Path.Combine(directory, "AGENTS.md");
        }
    }

    private static void Append(string path, StringBuilder text, List<string> seen, int depth)
    {
        string content;

        try
        {
            // AGENTS.md is often a link to CLAUDE.md, or the other way round.
            var real = Tools.RealPath.Of(path);

            if (depth > DeepestImport || !File.Exists(real) || seen.Contains(real))
            {
                return;
            }

            seen.Add(real);
            content = File.ReadAllText(real);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return;
        }

        text.Append("\nFrom ").Append(path).Append(":\n\n").Append(content.Trim()).Append('\n');

        foreach (var line in content.Split('\n').Select(l => l.Trim()).Where(l => l.Length > 1 && l[0] == '@' && !l.Contains(' ')))
        {
            var target = line[1..].StartsWith("~/", StringComparison.Ordinal)
                ? Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) + line[2..] : Path.GetFullPath(line[1..], Path.GetDirectoryName(path)!);
            Append(target, text, seen, depth + 1);
        }
    }
}
