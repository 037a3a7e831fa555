using System.Runtime.InteropServices;
using System.Text;

namespace Ringfence.Workspaces;

/// <summary>Removal of what an agent wrote.</summary>
internal sealed partial class UnixFolder
{
    /// <summary>
    /// Removes whatever has this name, with all below it, whatever its names, rights and depth. Folders that are not empty are first moved up to
    /// this one, so that neither path length nor open files grow with depth.
    /// </summary>
    public void Remove(ReadOnlySpan<byte> name)
    {
        var pending = new Queue<byte[]>();

        if (!TryRemove(name))
        {
            pending.Enqueue(name.ToArray());
        }

        for (var moved = 0; pending.TryDequeue(out var next);)
        {
            MakeAccessible(next);

            using (var folder = OpenBelow(next))
            {
                foreach (var (child, _) in folder.List())
                {
                    if (!folder.TryRemove(child))
                    {
                        folder.MakeAccessible(child);
                        var place = Encoding.ASCII.GetBytes($".removing-{Environment.ProcessId}-{Environment.CurrentManagedThreadId}-{moved++}");
                        Check(renameat(folder.handle, Terminated(child), handle, Terminated(place)), "a folder to remove");
                        pending.Enqueue(place);
                    }
                }
            }

            Check(unlinkat(handle, Terminated(next), RemoveFolder), "a folder to remove");
        }
    }

    /// <summary>As <see cref="Remove"/>, for a path of ours. What is not there is removed.</summary>
    public static void RemoveAll(string path)
    {
        if (Directory.Exists(path))
        {
            using var parent = Open(Path.GetDirectoryName(path)!);
            parent.Remove(Encoding.UTF8.GetBytes(Path.GetFileName(path)));
        }
    }

    /// <summary>False for a folder that is not empty. What is not there is removed.</summary>
    private bool TryRemove(ReadOnlySpan<byte> name)
    {
        if (unlinkat(handle, Terminated(name), 0) == 0 || Marshal.GetLastPInvokeError() == NoEntry)
        {
            return true;
        }

        if (Marshal.GetLastPInvokeError() is not (IsAFolder or NotPermitted) || Stat(name) is not { Kind: UnixKind.Folder })
        {
            throw Error("a file to remove");
        }

        if (unlinkat(handle, Terminated(name), RemoveFolder) == 0)
        {
            return true;
        }

        return Marshal.GetLastPInvokeError() is NotEmpty or AlreadyThere ? false : throw Error("a folder to remove");
    }
}
