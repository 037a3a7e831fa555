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
}
