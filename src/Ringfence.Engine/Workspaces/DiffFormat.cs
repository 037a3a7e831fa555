namespace Ringfence.Workspaces;

public enum DiffFormat
{
    /// <summary>Bytes exactly, with binary files, full names and modes: what <c>git apply</c> takes.</summary>
    Patch,

    /// <summary>For eyes: what is not printable is escaped, so that a diff cannot draw on the terminal.</summary>
    Text,

    /// <summary>As <see cref="Text"/>, in colour.</summary>
    Color,

    /// <summary>One line per file with its counts.</summary>
    Summary,
}
