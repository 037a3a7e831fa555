using System.Reflection;
using System.Text.Encodings.Web;

namespace Ringfence.Workflows;

/// <summary>A ready workflow, to be written into a repository. Its first two comments say what it does and how to run it.</summary>
/// <param name="Example">A command line that runs it.</param>
/// <param name="NeedsCheck">Its done-when is the repository's own test command.</param>
/// <param name="ReadsChange">It looks at one change, so that it fits a hook and a merge request.</param>
public sealed record WorkflowTemplate(string Name, string Description, string Example, bool NeedsCheck, bool ReadsChange, string Text)
{
    private const string Folder = "templates/";
    private const string Extension = ".md";

    private static readonly Assembly Assembly = typeof(WorkflowTemplate).Assembly;

    public static IReadOnlyList<WorkflowTemplate> All { get; } =
    [
        .. Assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Folder, StringComparison.Ordinal) && name.EndsWith(Extension, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal).Select(name => Read(name[Folder.Length..^Extension.Length])),
    ];

    /// <summary>Fails with <c>unknown_template</c>.</summary>
    public static Result<WorkflowTemplate> Find(string name) =>
        All.FirstOrDefault(template => template.Name == name) is { } found
            ? found
            : new Failure("unknown_template", $"There is no template '{Printable.Escape(name)}'.", $"Templates are {string.Join(", ", All.Select(t => t.Name))}.");

    /// <summary>The workflow file for a repository that is checked by <paramref name="check"/> and needs the registries of <paramref name="ecosystems"/>.</summary>
    public string For(string? check, IReadOnlyList<string> ecosystems) => Fill(Text,
        ("check", $"\"{JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(check ?? "")}\""), // what JSON escapes, YAML reads
        ("command", check),
        ("presets", string.Join(", ", ecosystems)));

    /// <summary>One of the other embedded files: a hook or a CI file.</summary>
    internal static string Companion(string file, params (string Name, string? Value)[] values)
    {
        using var reader = new StreamReader(Assembly.GetManifestResourceStream(Folder + file)!);
        return Fill(reader.ReadToEnd(), values);
    }

    private static string Fill(string text, params (string Name, string? Value)[] values) =>
        values.Aggregate(text, (filled, value) => filled.Replace($"{{{{{value.Name}}}}}", value.Value, StringComparison.Ordinal));

    private static WorkflowTemplate Read(string name)
    {
        var text = Companion(name + Extension);
        var comments = text.Split('\n').Where(line => line.StartsWith("# ", StringComparison.Ordinal)).Take(2).Select(line => line[2..]).ToArray();
        return new WorkflowTemplate(
            name, comments[0], comments[1]["Run: ".Length..], text.Contains("{{check}}", StringComparison.Ordinal), name is "review" or "describe-pr", text);
    }
}
