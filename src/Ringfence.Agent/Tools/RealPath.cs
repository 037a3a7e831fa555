namespace Ringfence.Agent.Tools;

/// <summary>Paths as the kernel will walk them: a rule about a directory is worth nothing if a symbolic link leads out of it.</summary>
internal static class RealPath
{
    private const int MostLinks = 40;

    /// <summary>The path with every symbolic link followed; what does not exist yet stays as it is written.</summary>
    public static string Of(string path) => Of(Path.GetFullPath(path), MostLinks);

    public static bool IsWithin(string path, string directory)
    {
        var prefix = directory.EndsWith('/') ? directory : directory + "/";
        return path.StartsWith(prefix, StringComparison.Ordinal) || path.Length == prefix.Length - 1 && prefix.StartsWith(path, StringComparison.Ordinal);
    }

    private static string Of(string path, int linksLeft)
    {
        var parent = Path.GetDirectoryName(path);

        if (parent is null)
        {
            return path;
        }

        var here = Path.Combine(Of(parent, linksLeft), Path.GetFileName(path));

        try
        {
            if (linksLeft > 0 && new FileInfo(here).LinkTarget is { } target)
            {
                return Of(Path.GetFullPath(target, Path.GetDirectoryName(here)!), linksLeft - 1);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Cannot be looked at, so it cannot be a link that we could follow either.
        }

        return here;
    }
}
