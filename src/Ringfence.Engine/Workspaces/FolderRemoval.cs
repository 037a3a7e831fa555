using System.Text;

namespace Ringfence.Workspaces;

/// <summary>Removes a folder that an agent wrote in: whatever its names, rights and depth, and never through a symbolic link.</summary>
public static class FolderRemoval
{
    public static void Remove(string folder)
    {
        if (Directory.Exists(folder))
        {
            using var parent = UnixFolder.Open(Path.GetDirectoryName(folder)!);
            parent.Remove(Encoding.UTF8.GetBytes(Path.GetFileName(folder)));
        }
    }
}
