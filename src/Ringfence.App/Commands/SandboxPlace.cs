using Ringfence.Audit;
using Ringfence.Runs;
using Ringfence.Sandboxes;
using Ringfence.Workspaces;

namespace Ringfence.App.Commands;

/// <summary>Where a sandbox that runs alone keeps its changes and its record: a folder in the home, removed at the end unless something in it is to be kept.</summary>
internal sealed class SandboxPlace : IDisposable
{
    private readonly SandboxRequest asked;
    private readonly string folder;

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

    /// <summary>The folder seen as the workspace; null for an empty one.</summary>
    public WorkspaceMount? Workspace { get; private set; }

    /// <summary>Whether changes stay in <see cref="Upper"/> when this is disposed. True from the moment that they could be lost.</summary>
    public bool IsKept { get; private set; }

    /// <summary>Why the changes are not on the record; null when they are.</summary>
    public Failure? Unrecorded { get; private set; }

    public string Upper => Path.Combine(folder, "upper");

    public string Record => asked.Record is { } file ? Path.GetFullPath(file) : Path.Combine(folder, "events.jsonl");

    /// <summary>Whether there is a way left to show the folder where no overlay can be laid over it.</summary>
    public bool CanFallBack => Workspace is { IsCopy: false };

    /// <summary>For people; null when it was told.</summary>
    public string? FallBackReason => Workspace!.Lower == Base ? null
        : $"{asked.Repository} ({Format(asked.Repository!)}): no overlay can be laid over it with its changes in {folder} ({Format(folder)}).";

    /// <summary>
    /// A copy in the place of what cannot be had: first of the folder, to be below the overlay instead of it; then of that copy, to be changed itself.
    /// Two, because what was changed is told by comparing, and the folder may change meanwhile.
    /// </summary>
    public async Task<Failure?> FallBackAsync(CancellationToken cancellationToken)
    {
        var (source, target) = Workspace!.Lower == Base ? (Base, Upper) : (Workspace.Lower, Base);
        Workspace = new WorkspaceMount(Base, Upper) { IsCopy = target == Upper };
        return await FolderCopy.MakeAsync(source, target, cancellationToken);
    }

    /// <summary>What was changed, put on the record; brought into the folder when that was asked for, kept otherwise. What is not recorded is not brought.</summary>
    public IReadOnlyList<WorkspaceChange> Finish(IRecorder recorder, CommandTimeline commands)
    {
        if (Workspace is null)
        {
            return [];
        }

        var changes = WriteThrough.Changes(Workspace);
        IsKept = changes.Count > 0;

        if (IsKept && IsRecorded(changes, recorder, commands) && asked.WriteThrough)
        {
            WriteThrough.Apply(Workspace, changes, asked.Repository!);
            IsKept = false;
        }

        return changes;
    }

    public void Dispose() => FolderRemoval.Remove(IsKept ? Base : folder);

    private bool IsRecorded(IReadOnlyList<WorkspaceChange> changes, IRecorder recorder, CommandTimeline commands)
    {
        try
        {
            foreach (var fact in ChangeFacts.Of(Workspace!, changes, commands))
            {
                recorder.Append(fact);
            }

            return true;
        }
        catch (RecordUnavailableException unavailable)
        {
            Unrecorded = new Failure("record_unavailable", unavailable.Message, "The changes are kept, and were not brought anywhere.");
            return false;
        }
    }

    private string Base => Path.Combine(folder, "base");

    private static string Format(string path) => new DriveInfo(path).DriveFormat;
}
