namespace Ringfence.Processes;

/// <summary>What the kernel writes when a process crashes, or hands to a collector such as systemd-coredump.</summary>
public static class CoreFile
{
    /// <summary>
    /// Leaves the memory of this process, and so the secrets in it, out of its core files from now on. A debugger that is allowed to attach still sees it,
    /// and so does the runtime's own dump when somebody asks for it (<c>DOTNET_DbgEnableMiniDump</c>).
    /// </summary>
    public static void LeaveOutMemory()
    {
        try
        {
            // A limit of zero bytes would not do: the kernel ignores it for collectors.
            File.WriteAllText("/proc/self/coredump_filter", "0");
        }
        catch (Exception none) when (none is FileNotFoundException or DirectoryNotFoundException)
        {
            // A kernel without core files.
        }
    }
}
