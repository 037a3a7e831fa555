using Ringfence.Runs;
using Ringfence.Sandboxes;
using Ringfence.Workspaces;

namespace Ringfence.App.Commands;

/// <summary>Where a sandbox that runs alone keeps its changes and its record: a folder in the home, removed at the end unless something in it is to be kept.</summary>
internal sealed class SandboxPlace : IDisposable
{
    private readonly SandboxRequest asked;
    private readonly string folder;
    private bool keep;

    public SandboxPlace(string home, SandboxRequest asked, RunId id)
    {
        this.asked = asked;
        Id = id;
        folder = Path.Combine(home, "sandboxes", id.Value);
        Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

        if (asked.Repository is { } repository)
        {
            Directory.CreateDirectory(Upper);
            Workspace = new WorkspaceMount(repository, Upper);
        }
    }

    public RunId Id { get; }

    public WorkspaceMount? Workspace { get; }

    public string Upper => Path.Combine(folder, "upper");

    public string Record => asked.Record is { } file ? Path.GetFullPath(file) : Path.Combine(folder, "events.jsonl");

    /// <summary>What was changed; brought into the folder when that was asked for, kept otherwise.</summary>
    public IReadOnlyList<OverlayEntry> Finish()
    {
        if (asked.Repository is not { } repository)
        {
            return [];
        }

        var changes = WriteThrough.Changes(Upper);

        if (asked.WriteThrough)
        {
            WriteThrough.Apply(Upper, repository);
        }

        keep = changes.Count > 0 && !asked.WriteThrough;
        return changes;
    }

    public void Dispose()
    {
        if (!keep)
        {
            FolderRemoval.Remove(folder);
        }
    }
}
