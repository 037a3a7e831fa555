using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Ringfence.Sandboxes;

/// <summary>The outer end of a sandbox's terminal.</summary>
internal static unsafe partial class PseudoTerminal
{
    private const nuint SetWindowSize = 0x5414; // TIOCSWINSZ

    /// <summary>The kernel tells the command by SIGWINCH. An ended terminal has no size to set.</summary>
    public static void Resize(SafeFileHandle device, SandboxTerminal size)
    {
        var window = new WindowSize { Rows = (ushort)size.Rows, Columns = (ushort)size.Columns };
        _ = Control(device, SetWindowSize, &window);
    }

    [LibraryImport("libc", EntryPoint = "ioctl")]
    private static partial int Control(SafeFileHandle device, nuint request, WindowSize* window);

    [StructLayout(LayoutKind.Sequential)]
    private struct WindowSize
    {
        public ushort Rows;
        public ushort Columns;
        public ushort Width;
        public ushort Height;
    }
}
