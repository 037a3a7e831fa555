using System.Runtime.InteropServices;

namespace Ringfence.Agent.Hosts.Terminal;

/// <summary>Wakes a thread that waits for a descriptor.</summary>
internal sealed partial class WakeUp
{
    private const int CloseOnExec = 0x80000;

    public int Descriptor { get; } = EventDescriptor(0, CloseOnExec);

    public void Signal()
    {
        ulong one = 1;
        _ = WriteTo(Descriptor, ref one, sizeof(ulong));
    }

    public void Clear()
    {
        ulong count = 0;
        _ = ReadFrom(Descriptor, ref count, sizeof(ulong));
    }

    [LibraryImport("libc", EntryPoint = "eventfd")]
    private static partial int EventDescriptor(uint initial, int flags);

    [LibraryImport("libc", EntryPoint = "write")]
    private static partial nint WriteTo(int descriptor, ref ulong value, nint count);

    [LibraryImport("libc", EntryPoint = "read")]
    private static partial nint ReadFrom(int descriptor, ref ulong value, nint count);
}
