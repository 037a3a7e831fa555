namespace Ringfence.Workspaces;

/// <summary>Where symbolic links of a tree lead, decided from their text alone.</summary>
public static class LinkTarget
{
    /// <summary>True for an absolute target, and for one that climbs above the repository's root.</summary>
    /// <param name="path">The link's own path in the repository.</param>
    public static bool LeavesRepository(string path, string target)
    {
        if (target.StartsWith('/'))
        {
            return true;
        }

        var depth = path.Count(c => c == '/');
        return target.Split('/').Any(part => (depth += part switch { ".." => -1, "" or "." => 0, _ => 1 }) < 0);
    }
}
