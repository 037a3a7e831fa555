using System.Text.Json;

namespace Ringfence.Workspaces;

/// <summary>
/// Removes base checkouts that no run needs: not started from for a week, and of no workspace that is kept. They can be made again at any time,
/// so this saves space and loses nothing.
/// </summary>
internal static class BaseTrim
{
    private static readonly TimeSpan Unused = TimeSpan.FromDays(7);

    /// <summary>The caller holds the repository's lock.</summary>
    public static void Trim(string home, string key, string bases, TimeProvider time)
    {
        var stale = Directory.EnumerateDirectories(bases)
            .Where(b => time.GetUtcNow() - new DateTimeOffset(File.GetLastWriteTimeUtc(Path.Combine(b, "base.json"))) > Unused)
            .ToList();

        if (stale.Count == 0)
        {
            return;
        }

        var needed = Directory.EnumerateFiles(Path.Combine(home, "workspaces"), "workspace.json", new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 1 })
            .Select(Read).OfType<WorkspaceRecord>().Where(w => w.Key == key).Select(w => w.BaseCommit).ToHashSet(StringComparer.Ordinal);

        foreach (var path in stale.Where(b => !needed.Contains(Path.GetFileName(b))))
        {
            UnixFolder.RemoveAll(path);
        }
    }

    private static WorkspaceRecord? Read(string file)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(file), WorkspaceJson.Default.WorkspaceRecord);
        }
        catch (Exception gone) when (GitFailures.IsFileError(gone) || gone is JsonException)
        {
            return null; // removed in between
        }
    }
}
