namespace Ringfence.Workspaces;

/// <summary>Something in the workspace that did not become part of the tree as it was.</summary>
/// <param name="Path">The file, or the topmost folder that was left out whole.</param>
/// <param name="Files">How many files it stands for; 1 for a file.</param>
public sealed record PathNote(GitPath Path, PathNoteReason Reason, long Files = 1);

public enum PathNoteReason
{
    /// <summary>Left out: untracked, and ignored by the repository's rules or by the list of build outputs. Harmless.</summary>
    Ignored,

    /// <summary>Left out: the workspace's own git data. Harmless.</summary>
    GitData,

    /// <summary>Left out: a name that some file system takes for <c>.git</c>, such as <c>.GIT</c> or <c>git~1</c>.</summary>
    GitAlias,

    /// <summary>Left out: a pipe, socket or device.</summary>
    SpecialFile,

    /// <summary>Left out: files inside a submodule, whose own repository would have to record them.</summary>
    SubmoduleContent,

    /// <summary>Left out: larger than a file of a change set may be.</summary>
    TooLarge,

    /// <summary>Left out: a path longer than Linux can open.</summary>
    PathTooLong,

    /// <summary>Part of the tree, but without the set-user-id or set-group-id bit that it had.</summary>
    SetIdRemoved,
}
