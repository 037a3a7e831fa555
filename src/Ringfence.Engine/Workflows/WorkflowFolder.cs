namespace Ringfence.Workflows;

/// <summary>The workflow files of a repository: <c>.ringfence/workflows/NAME.md</c> or <c>.yaml</c>.</summary>
public sealed class WorkflowFolder(string repository)
{
    private static readonly string[] Extensions = [".md", ".yaml", ".yml"];

    /// <summary>Where they stand in a repository.</summary>
    public const string Place = ".ringfence/workflows";

    /// <summary>Larger is no workflow.</summary>
    public const int MostBytes = 1 << 20;

    /// <summary>Whether a file of that name in it is meant to be one.</summary>
    public static bool Holds(string file) => Extensions.Contains(Path.GetExtension(file));

    /// <summary>In the repository's top folder, also when a folder below it is meant.</summary>
    public string Folder { get; } = Path.Combine(TopOf(repository), Place);

    public IReadOnlyList<string> Names => !Directory.Exists(Folder)
        ? []
        : [.. Directory.EnumerateFiles(Folder).Where(Holds)
            .Select(file => Path.GetFileNameWithoutExtension(file)).Distinct().Order(StringComparer.Ordinal)];

    private static string TopOf(string folder)
    {
        for (var top = new DirectoryInfo(folder); top is { Exists: true }; top = top.Parent)
        {
            if (Path.Exists(Path.Combine(top.FullName, ".git")) || Directory.Exists(Path.Combine(top.FullName, Place)))
            {
                return top.FullName;
            }
        }

        return folder;
    }

    /// <summary>Reads a workflow by name, or by the path of a file. Fails with <c>unknown_workflow</c> or <c>bad_workflow</c>.</summary>
    public Result<Workflow> Read(string nameOrPath)
    {
        var file = File.Exists(nameOrPath)
            ? nameOrPath
            : Extensions.Select(extension => Path.Combine(Folder, nameOrPath + extension)).FirstOrDefault(File.Exists);

        return file is null
            ? new Failure(
                "unknown_workflow", $"There is no workflow '{Printable.Escape(nameOrPath)}' in {Folder}.",
                Names.Count > 0 ? $"Known: {string.Join(", ", Names)}." : "`ringfence init` makes one.")
            : WorkflowReader.Read(File.ReadAllText(file), file);
    }
}
