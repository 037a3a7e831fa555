using System.Runtime.InteropServices;

namespace Ringfence.Sandboxes;

/// <summary>Where a path leads when every symbolic link in it is followed.</summary>
internal static unsafe partial class RealPath
{
    /// <summary>The absolute path without symbolic links; null when there is nothing.</summary>
    public static string? Of(string path)
    {
        var resolved = Resolve(path, null);

        if (resolved is null)
        {
            return null;
        }

        var text = Marshal.PtrToStringUTF8((nint)resolved);
        Free(resolved);
        return text;
    }

    [LibraryImport("libc", EntryPoint = "realpath", StringMarshalling = StringMarshalling.Utf8)]
    private static partial byte* Resolve(string path, byte* into);

    [LibraryImport("libc", EntryPoint = "free")]
    private static partial void Free(void* memory);
}
