namespace Ringfence.Workspaces;

/// <summary>Turns git's complaints and file errors into failures that people can act on.</summary>
internal static class GitFailures
{
    private const int DiskFullError = 28; // ENOSPC
    private const int ReadOnlyError = 30; // EROFS

    /// <summary>The failure that fits the text, whatever git was doing; else one with <paramref name="code"/>.</summary>
    public static Failure From(string code, string what, string error, string? hint = null)
    {
        if (error.Contains("No space left on device", StringComparison.Ordinal) || error.Contains("Disk quota exceeded", StringComparison.Ordinal))
        {
            return DiskFull(what);
        }

        if (error.Contains("dubious ownership", StringComparison.Ordinal))
        {
            return new("repository_not_trusted", $"{what}: the repository belongs to another user, and git refuses to read it.",
                "If you trust it: git config --global --add safe.directory FOLDER");
        }

        return new(code, $"{what}: {FirstComplaint(error)}", hint);
    }

    public static Failure FromFileError(string what, Exception error) => (error.HResult & 0xFFFF) switch
    {
        DiskFullError => DiskFull(what),
        _ when error is UnauthorizedAccessException => new("unwritable_home", $"{what}: {Printable.Escape(error.Message)}",
            "Make the folder writable, or set RINGFENCE_HOME to one that is."),
        ReadOnlyError => new("unwritable_home", $"{what}: {Printable.Escape(error.Message)}", "Set RINGFENCE_HOME to a folder that can be written."),
        _ => new("storage_failed", $"{what}: {Printable.Escape(error.Message)}"),
    };

    public static bool IsFileError(Exception error) => error is IOException or UnauthorizedAccessException;

    private static Failure DiskFull(string what) =>
        new("disk_full", $"{what}: no space is left on the device.", "Free some space, or set RINGFENCE_HOME to a folder on another device.");

    // The last "fatal:" names the cause; what servers send before it ("remote: …") is theirs to word, so it is escaped.
    private static string FirstComplaint(string error)
    {
        var lines = error.Split(['\n', '\r'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var line = lines.FirstOrDefault(l => l.StartsWith("fatal:", StringComparison.Ordinal))
            ?? lines.FirstOrDefault(l => l.StartsWith("error:", StringComparison.Ordinal)) ?? lines.LastOrDefault() ?? "git gave no reason";

        return Printable.Escape(line.Length > 400 ? line[..400] + "…" : line);
    }
}
