namespace Ringfence.Workspaces;

/// <summary>Removes a folder that an agent wrote in: whatever its names, rights and depth, and never through a symbolic link.</summary>
public static class FolderRemoval
{
    public static void Remove(string folder) => UnixFolder.RemoveAll(folder);
}
