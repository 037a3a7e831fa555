using Ringfence.Workspaces;

namespace Ringfence.Workflows;

/// <summary>What to set up in a repository.</summary>
/// <param name="Check">The command that must pass; null takes what the repository's files tell.</param>
/// <param name="Hook">Also a git hook; only <c>pre-commit</c> is one.</param>
/// <param name="Ci">Also a CI file: <c>github</c> or <c>gitlab</c>.</param>
/// <param name="Force">Replaces files that are there.</param>
public sealed record WorkflowSetupRequest(string Template, string? Check = null, string? Hook = null, string? Ci = null, bool Force = false);

/// <param name="Executable">Is run, so it gets the mode for it.</param>
public sealed record SetupFile(string Path, string Text, bool Executable = false);

/// <summary>Writes a template into a repository, with what starts it. Either every file is written or none.</summary>
public static class WorkflowSetup
{
    /// <summary>
    /// Fails with <c>unknown_template</c>, <c>not_a_repository</c>, <c>no_check</c>, <c>bad_hook</c>, <c>bad_ci</c>, <c>file_exists</c> or
    /// <c>storage_failed</c>: all that is wrong at once, and nothing was written then.
    /// </summary>
    public static async Task<Result<IReadOnlyList<SetupFile>>> WriteAsync(string repository, WorkflowSetupRequest request, CancellationToken cancellationToken)
    {
        var found = WorkflowTemplate.Find(request.Template);
        var place = await GitPlace.OfAsync(repository, cancellationToken);

        if (found.IsFailure || place.IsFailure)
        {
            return Result.Fail<IReadOnlyList<SetupFile>>([.. found.Failures, .. place.Failures]);
        }

        var failures = new List<Failure>();
        var files = Plan(found.Value, place.Value, request, failures).ToList();
        failures.AddRange(files.Where(file => !request.Force && Path.Exists(file.Path)).Select(file => new Failure(
            "file_exists", $"{Printable.Escape(file.Path)} is there already.", "Look at it first; --force replaces it.")));

        return failures.Count > 0 ? Result.Fail<IReadOnlyList<SetupFile>>(failures) : Write(files);
    }

    private static IEnumerable<SetupFile> Plan(WorkflowTemplate template, GitPlace place, WorkflowSetupRequest request, List<Failure> failures)
    {
        var facts = ProjectFacts.Of(place.TopLevel);
        var check = request.Check ?? facts.Check;

        if (template.NeedsCheck && string.IsNullOrWhiteSpace(check))
        {
            failures.Add(new Failure("no_check", $"No file of {Printable.Escape(place.TopLevel)} tells how its tests are run.", "Say it: --done 'make test'."));
        }

        yield return new SetupFile(Path.Combine(new WorkflowFolder(place.TopLevel).Folder, template.Name + ".md"), template.For(check, facts.Ecosystems));

        if (request.Hook is { } hook)
        {
            if (hook != "pre-commit" || template.Name != "review")
            {
                failures.Add(new Failure("bad_hook", $"There is no {Printable.Escape(hook)} hook for {template.Name}.", "ringfence init review --hook pre-commit"));
            }
            else
            {
                yield return new SetupFile(Path.Combine(place.Hooks, hook), WorkflowTemplate.Companion("pre-commit", ("workflow", template.Name)), Executable: true);
            }
        }

        switch (request.Ci)
        {
            case null:
                break;
            case "github":
                yield return CiFile.GitHub(template, place.TopLevel);
                break;
            case "gitlab":
                yield return CiFile.GitLab(template, place.TopLevel);
                break;
            default:
                failures.Add(new Failure("bad_ci", $"--ci cannot be '{Printable.Escape(request.Ci)}'.", "One of: github, gitlab."));
                break;
        }
    }

    private static Result<IReadOnlyList<SetupFile>> Write(List<SetupFile> files)
    {
        var written = new List<string>();

        try
        {
            foreach (var file in files)
            {
                Directory.CreateDirectory(Path.GetDirectoryName(file.Path)!);
                written.Add(file.Path);
                File.WriteAllText(file.Path, file.Text);

                if (file.Executable)
                {
                    File.SetUnixFileMode(file.Path, File.GetUnixFileMode(file.Path) | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
                }
            }

            return files;
        }
        catch (Exception unwritable) when (GitFailures.IsFileError(unwritable))
        {
            return new Failure("storage_failed", $"{Printable.Escape(written.LastOrDefault() ?? files[0].Path)} cannot be written: {Printable.Escape(unwritable.Message)}");
        }
    }
}
