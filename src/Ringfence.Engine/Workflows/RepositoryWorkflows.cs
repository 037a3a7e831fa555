using Ringfence.Workspaces;

namespace Ringfence.Workflows;

/// <summary>
/// The workflows that a repository has on its default branch, read from git's objects: what a server runs is what was merged, and a link in the repository
/// leads nowhere.
/// </summary>
/// <param name="Mistakes">Files that are no workflows, with the first thing that is wrong.</param>
public sealed record RepositoryWorkflows(IReadOnlyList<Workflow> Workflows, IReadOnlyList<(string Name, Failure Failure)> Mistakes)
{
    private const string Folder = ".ringfence/workflows";
    private const int MostFiles = 200;

    public static async Task<Result<RepositoryWorkflows>> ReadAsync(WorkspaceStore workspaces, string repository, CancellationToken cancellationToken)
    {
        if (!(await workspaces.FilesAsync(repository, Folder, MostFiles, cancellationToken)).Succeeded(out var files, out var why))
        {
            return Result.Fail<RepositoryWorkflows>(why);
        }

        var (workflows, mistakes) = (new List<Workflow>(), new List<(string, Failure)>());

        foreach (var (name, text) in files.Where(file => Path.GetExtension(file.Name) is ".md" or ".yaml" or ".yml"))
        {
            if (WorkflowReader.Read(text, name).Succeeded(out var workflow, out why))
            {
                workflows.Add(workflow);
            }
            else
            {
                mistakes.Add((Path.GetFileNameWithoutExtension(name), why[0]));
            }
        }

        return new RepositoryWorkflows(workflows, mistakes);
    }

    /// <summary>One of them. Fails with <c>unknown_workflow</c> or <c>bad_workflow</c>.</summary>
    public Result<Workflow> Find(string name) =>
        Workflows.FirstOrDefault(workflow => workflow.Name == name) is { } found ? found
        : Mistakes.FirstOrDefault(mistake => mistake.Name == name) is { Failure: { } failure } ? failure
        : new Failure("unknown_workflow", $"There is no workflow '{Printable.Escape(name)}' on the repository's default branch.", Workflows.Count > 0 ? $"Known: {string.Join(", ", Workflows.Select(workflow => workflow.Name))}." : null);
}
