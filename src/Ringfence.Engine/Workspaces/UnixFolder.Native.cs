using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Ringfence.Workspaces;

/// <summary>The system calls behind it. Names that are paths are NUL-terminated bytes.</summary>
internal sealed partial class UnixFolder
{
    private const int CurrentFolder = -100;
    private const int NoFollow = 0x100;
    private const int StatMask = 0x7FF;
    private const int WriteOnly = 1;
    private const int Create = 0x40;
    private const int Exclusive = 0x80;
    private const int DoNotBlock = 0x800; // a pipe must not hold up its opener
    private const int CloseOnExec = 0x80000;
    private const int LongestPath = 2048;
    private const byte DeviceEntry = 2;
    private const byte FolderEntry = 4;
    private const byte FileEntry = 8;
    private const byte LinkEntry = 10;
    private const byte UnknownEntry = 0;
    private const int RemoveFolder = 0x200;
    private const int NotPermitted = 1;
    internal const int NoEntry = 2;
    private const int NoAccess = 13;
    private const int AlreadyThere = 17;
    private const int IsAFolder = 21;
    private const int NotEmpty = 39;
    internal const int NotAFolder = 20;
    internal const int IsALink = 40;
    private const int NameTooLong = 36;
    private const long OpenAt2 = 437; // the same number on every architecture
    private const ulong BeneathWithoutLinksOrMounts = 0x01 | 0x02 | 0x04 | 0x08;

    // The two flags that are not the same on every architecture.
    private static readonly int DoNotFollow = RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm ? 0x8000 : 0x20000;
    private static readonly int OnlyFolder = RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm ? 0x4000 : 0x10000;

    private static int ReadFolder => OnlyFolder | CloseOnExec | DoNotFollow;

    [StructLayout(LayoutKind.Sequential)]
    private struct OpenHow
    {
        public long Flags;
        public ulong Mode;
        public ulong Resolve;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int openat(int folder, byte[] path, int flags, int mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int openat(SafeFileHandle folder, byte[] path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint openat2(long number, SafeFileHandle folder, byte[] path, ref OpenHow how, nint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint getdents64(SafeFileHandle folder, byte[] buffer, nint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int statx(SafeFileHandle folder, byte[] path, int flags, uint mask, ref byte stat);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int statx(int folder, byte[] path, int flags, uint mask, ref byte stat);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint fgetxattr(SafeFileHandle file, byte[] name, byte[] value, nint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint readlinkat(SafeFileHandle folder, byte[] path, byte[] buffer, nint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int unlinkat(SafeFileHandle folder, byte[] path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int renameat(SafeFileHandle from, byte[] path, SafeFileHandle to, byte[] target);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int linkat(SafeFileHandle from, byte[] path, SafeFileHandle to, byte[] target, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fchmodat(SafeFileHandle folder, byte[] path, int mode, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int mkdirat(SafeFileHandle folder, byte[] path, int mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int symlinkat(byte[] target, SafeFileHandle folder, byte[] path);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int mknodat(SafeFileHandle folder, byte[] path, int mode, ulong device);
}
