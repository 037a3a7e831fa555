using Ringfence.App.Cli;
using Ringfence.Workflows;

namespace Ringfence.App.Views;

/// <summary>Templates, and what became of one.</summary>
internal static class TemplateViews
{
    public static void WriteAll(Terminal terminal, bool json)
    {
        if (json)
        {
            terminal.WriteJson([.. WorkflowTemplate.All.Select(t => new TemplateView(t.Name, t.Description, t.Example))], AppJson.Default.IReadOnlyListTemplateView);
            return;
        }

        foreach (var template in WorkflowTemplate.All)
        {
            terminal.WriteText($"{terminal.Paint($"{template.Name,-20}", Ansi.Bold)}  {template.Description}");
        }

        terminal.WriteNote("One of them for this repository: ringfence init NAME. With a git hook or CI: ringfence init review --hook pre-commit --ci github");
    }

    public static void WriteSetup(Terminal terminal, WorkflowTemplate template, IReadOnlyList<SetupFile> files, bool json)
    {
        var paths = files.Select(file => Path.GetRelativePath(Environment.CurrentDirectory, file.Path)).ToList();

        if (json)
        {
            terminal.WriteJson(new SetupView(template.Name, paths, template.Example), AppJson.Default.SetupView);
            return;
        }

        foreach (var path in paths)
        {
            terminal.WriteLine($"{terminal.Paint("wrote", Ansi.Green)}  {Printable.Escape(path)}");
        }

        terminal.WriteNote($"What it may do:  ringfence explain {template.Name}");
        terminal.WriteNote($"Run it:          {template.Example}");

        if (paths.FirstOrDefault(path => path.Contains(".gitlab/", StringComparison.Ordinal)) is { } included)
        {
            terminal.Error.WriteLine($"In .gitlab-ci.yml, below include:\n  - local: .gitlab/{Path.GetFileName(included)}");
        }
    }
}

internal sealed record TemplateView(string Name, string Description, string Example);

/// <param name="Written">Paths, relative to the current folder.</param>
/// <param name="Run">A command line that runs it.</param>
internal sealed record SetupView(string Template, IReadOnlyList<string> Written, string Run);
