using System.Globalization;
using Ringfence.Workspaces;

namespace Ringfence.Review;

/// <summary><c>left_out</c>: what the agent made and the tree does not hold. Build outputs are no finding; the change set counts them.</summary>
internal static class LeftOutGate
{
    public static IEnumerable<Finding> Review(IReadOnlyList<PathNote> notes) =>
        from note in notes
        where note.Reason != PathNoteReason.Ignored
        select new Finding("left_out", SeverityOf(note.Reason), note.Path.ToString(), string.Create(CultureInfo.InvariantCulture, $"{WhatOf(note.Reason)} ({note.Files} file(s))"));

    private static FindingSeverity SeverityOf(PathNoteReason reason) => reason switch
    {
        // Nobody makes such a name by chance.
        PathNoteReason.GitAlias => FindingSeverity.Block,
        PathNoteReason.TooLarge or PathNoteReason.PathTooLong or PathNoteReason.SubmoduleContent or PathNoteReason.SpecialFile => FindingSeverity.Ask,
        _ => FindingSeverity.Note,
    };

    private static string WhatOf(PathNoteReason reason) => reason switch
    {
        PathNoteReason.GitAlias => "a name that some file system takes for .git",
        PathNoteReason.TooLarge => "too large for a change set",
        PathNoteReason.PathTooLong => "the path is too long",
        PathNoteReason.SubmoduleContent => "inside a submodule",
        PathNoteReason.SpecialFile => "a pipe, socket or device",
        PathNoteReason.GitData => "git data of another repository",
        PathNoteReason.SetIdRemoved => "had a set-id bit, which was removed",
        _ => "ignored",
    };
}
