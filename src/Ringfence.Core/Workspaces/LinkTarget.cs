namespace Ringfence.Workspaces;

/// <summary>Where symbolic links of a tree lead, decided from their text alone.</summary>
public static class LinkTarget
{
    /// <summary>
    /// True for an absolute target, for one that climbs above the repository's root, and for one that climbs at all after it named something: what it named
    /// may be a link to the root, and then one step up is outside, whatever the text says.
    /// </summary>
    /// <param name="path">The link's own path in the repository.</param>
    public static bool LeavesRepository(string path, string target)
    {
        if (target.StartsWith('/'))
        {
            return true;
        }

        var depth = path.Count(c => c == '/');
        var hasNamed = false;

        foreach (var part in target.Split('/').Where(part => part is not ("" or ".")))
        {
            if (part == ".." && (hasNamed || --depth < 0))
            {
                return true;
            }

            hasNamed |= part != "..";
        }

        return false;
    }
}
