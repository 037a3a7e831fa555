namespace Ringfence.Sandboxes;

/// <summary>Removes control groups that a monitor could not remove itself.</summary>
internal static class ControlGroups
{
    /// <summary>Folders of control groups that no process is in any more. One that is gone already is no error.</summary>
    public static void Remove(IEnumerable<string> folders)
    {
        foreach (var folder in folders)
        {
            try
            {
                Directory.Delete(folder);
            }
            catch (DirectoryNotFoundException)
            {
            }
            catch (IOException)
            {
                // Still busy: the sweep at the next start takes it.
            }
            catch (UnauthorizedAccessException)
            {
            }
        }
    }
}
