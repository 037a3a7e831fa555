using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Ringfence.Workspaces;

namespace Ringfence.Workflows;

/// <summary>
/// The workflows that are merged in repositories: what a server starts, whether a trigger or a call names it. A HEAD that has not moved since is not read again.
/// </summary>
/// <param name="home"><c>$RINGFENCE_HOME</c>, where repositories that are fetched are kept.</param>
public sealed class RepositoryWorkflows(string home, TimeProvider time)
{
    private const int MostFiles = 200;
    private const long MostTogether = 16 << 20;
    private const int MostKnown = 100;

    private readonly ConcurrentDictionary<string, MergedWorkflows> known = new(StringComparer.Ordinal);

    /// <summary>Fails as preparing a workspace does. No folder of workflows is none.</summary>
    /// <param name="repository">A path on this machine or a URL that git can fetch from.</param>
    public async Task<Result<MergedWorkflows>> ReadAsync(string repository, CancellationToken cancellationToken)
    {
        if (!(await RepositoryHead.FindAsync(home, repository, time, cancellationToken)).Succeeded(out var head, out var why))
        {
            return Result.Fail<MergedWorkflows>(why);
        }

        if (known.TryGetValue(repository, out var earlier) && earlier.Commit == head.Commit)
        {
            return earlier;
        }

        if (!(await head.ListAsync(WorkflowFolder.Place, cancellationToken)).Succeeded(out var listed, out why))
        {
            return Result.Fail<MergedWorkflows>(why);
        }

        List<HeadFile> files = [.. listed.Where(file => WorkflowFolder.Holds(file.Name))];

        if (!(await head.ReadAsync(files.Take(MostFiles), WorkflowFolder.MostBytes, MostTogether, cancellationToken)).Succeeded(out var texts, out why))
        {
            return Result.Fail<MergedWorkflows>(why);
        }

        if (known.Count >= MostKnown)
        {
            known.Clear(); // whoever may name repositories must not fill the memory
        }

        return known[repository] = Read(head.Commit, files, texts);
    }

    private static MergedWorkflows Read(string commit, List<HeadFile> files, IReadOnlyDictionary<string, byte[]> texts)
    {
        var (workflows, mistakes) = (new Dictionary<string, Workflow>(StringComparer.Ordinal), new List<(string, IReadOnlyList<Failure>)>());
        var names = new HashSet<string>(StringComparer.Ordinal);

        foreach (var (file, at) in files.Select((file, at) => (file, at)))
        {
            var (name, place) = (Path.GetFileNameWithoutExtension(file.Name), $"{WorkflowFolder.Place}/{file.Name}");

            if (!names.Add(name))
            {
                mistakes.Add((name, [new Failure("bad_workflow", $"{place}: There is another file for the workflow '{name}', which counts.", "Remove one of them.")]));
            }
            else if (!texts.TryGetValue(file.Oid, out var text))
            {
                mistakes.Add((name, [at < MostFiles
                    ? new Failure("bad_workflow", $"{place}: It is larger than a workflow may be, or all of them together are.", "At most 1 MiB each, and 16 MiB together.")
                    : new Failure("bad_workflow", string.Create(CultureInfo.InvariantCulture, $"{place}: There are {MostFiles} workflow files before it, and no more are read."))]));
            }
            else if (WorkflowReader.Read(Encoding.UTF8.GetString(text), place).Succeeded(out var workflow, out var wrong))
            {
                workflows.Add(name, workflow);
            }
            else
            {
                mistakes.Add((name, wrong));
            }
        }

        return new MergedWorkflows(commit, workflows, mistakes);
    }
}

/// <param name="Commit">The HEAD that they stand in.</param>
/// <param name="Workflows">By name.</param>
/// <param name="Mistakes">Files that are no workflows, with all that is wrong with each.</param>
public sealed record MergedWorkflows(
    string Commit, IReadOnlyDictionary<string, Workflow> Workflows, IReadOnlyList<(string Name, IReadOnlyList<Failure> Failures)> Mistakes)
{
    /// <summary>Fails with <c>unknown_workflow</c> or <c>bad_workflow</c>.</summary>
    public Result<Workflow> Find(string name) =>
        Workflows.TryGetValue(name, out var workflow) ? workflow
            : Mistakes.FirstOrDefault(mistake => mistake.Name == name) is { Failures: { } wrong } ? Result.Fail<Workflow>(wrong)
            : new Failure(
                "unknown_workflow", $"There is no workflow '{Printable.Escape(name)}' at the repository's HEAD.",
                Workflows.Count > 0 ? $"Known: {string.Join(", ", Workflows.Keys.Order(StringComparer.Ordinal).Take(20))}." : "It would be .ringfence/workflows/NAME.md or .yaml, committed.");
}
