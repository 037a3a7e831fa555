using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Ringfence.Workspaces;

internal enum UnixKind
{
    File,
    Folder,
    Link,

    /// <summary>Character device 0:0, with which overlayfs says that a name of the lower layer is deleted.</summary>
    Whiteout,
    Special,
}

/// <param name="Mode">Permission and set-id bits.</param>
/// <param name="Inode">Names the file within its file system, whatever its names.</param>
/// <param name="ChangedAt">When the kernel saw it change last, microseconds UTC. Unlike the time of modification, no program can set it.</param>
internal readonly record struct UnixStat(UnixKind Kind, int Mode, long Size, ulong Inode = 0, long ChangedAt = 0);

/// <summary>
/// An open folder. Names in it are bytes, are looked up in exactly this folder, and no symbolic link is ever followed: whoever wrote
/// the folder cannot lead a reader or writer elsewhere. Errors are <see cref="IOException"/> with the errno as HResult.
/// </summary>
internal sealed partial class UnixFolder : IDisposable
{
    // Borrowed: a new one for each of hundreds of folders costs more to clear than the kernel takes to fill it.
    private const int ListBuffer = 64 * 1024;

    private readonly SafeFileHandle handle;

    private UnixFolder(SafeFileHandle handle) => this.handle = handle;

    /// <summary>Good while this is open: as <c>/proc/self/fd/N</c> it names the folder itself, whatever its path is by then.</summary>
    public int Descriptor => (int)handle.DangerousGetHandle();

    public static UnixFolder Open(string path) =>
        new(Opened(openat(CurrentFolder, Encode(path), ReadFolder, 0), path));

    /// <summary>A folder any number of levels below; fails rather than pass through a symbolic link or another mount.</summary>
    /// <param name="path">Relative, separated by slashes; empty is this folder.</param>
    public UnixFolder OpenBelow(ReadOnlySpan<byte> path)
    {
        // The kernel takes paths of at most 4,096 bytes; whoever made folders in folders was not bound by that.
        if (path.Length > LongestPath && path[..LongestPath].LastIndexOf((byte)'/') is var cut and > 0)
        {
            using var part = OpenBelow(path[..cut]);
            return part.OpenBelow(path[(cut + 1)..]);
        }

        var how = new OpenHow { Flags = ReadFolder, Resolve = BeneathWithoutLinksOrMounts };
        var name = path.IsEmpty ? ".\0"u8.ToArray() : Terminated(path);
        var descriptor = (int)openat2(OpenAt2, handle, name, ref how, 24);

        // Whoever wrote the folder may have taken away every right on it; it is ours, so we take them back.
        if (descriptor < 0 && Marshal.GetLastPInvokeError() == NoAccess && !path.IsEmpty)
        {
            var slash = path.LastIndexOf((byte)'/');

            using (var parent = OpenBelow(path[..Math.Max(0, slash)]))
            {
                parent.MakeAccessible(path[(slash + 1)..]);
            }

            descriptor = (int)openat2(OpenAt2, handle, name, ref how, 24);
        }

        return new(Opened(descriptor, "a folder of the workspace"));
    }

    /// <summary>A folder below this one, made with every folder on the way that is missing.</summary>
    public UnixFolder MakeBelow(ReadOnlySpan<byte> path)
    {
        for (var end = 0; end < path.Length; end++)
        {
            var next = path[(end + 1)..].IndexOf((byte)'/');
            end = next < 0 ? path.Length : end + 1 + next;
            var slash = path[..end].LastIndexOf((byte)'/');
            using var parent = OpenBelow(path[..Math.Max(0, slash)]);

            if (parent.Stat(path[(slash + 1)..end]) is null)
            {
                parent.CreateFolder(path[(slash + 1)..end]);
            }
        }

        return OpenBelow(path);
    }

    /// <summary>Names and kinds, without <c>.</c> and <c>..</c>, in the order of the file system.</summary>
    public List<(byte[] Name, UnixKind Kind)> List()
    {
        var entries = new List<(byte[], UnixKind)>();
        var buffer = ArrayPool<byte>.Shared.Rent(ListBuffer);

        try
        {
            for (nint read; (read = getdents64(handle, buffer, buffer.Length)) != 0;)
            {
                Check((int)read, "a folder");

                for (var rest = buffer.AsSpan(0, (int)read); !rest.IsEmpty;)
                {
                    var length = BinaryPrimitives.ReadUInt16LittleEndian(rest[16..]);
                    var name = rest[19..length];
                    name = name[..name.IndexOf((byte)0)];

                    if (!name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8))
                    {
                        entries.Add((name.ToArray(), KindOf(name, rest[18])));
                    }

                    rest = rest[length..];
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return entries;
    }

    private UnixKind KindOf(ReadOnlySpan<byte> name, byte type) => type switch
    {
        FolderEntry => UnixKind.Folder,
        FileEntry => UnixKind.File,
        LinkEntry => UnixKind.Link,
        UnknownEntry or DeviceEntry => Stat(name)?.Kind ?? UnixKind.Special,
        _ => UnixKind.Special,
    };

    /// <summary>Null when there is no such name here.</summary>
    public UnixStat? Stat(ReadOnlySpan<byte> name)
    {
        Span<byte> stat = stackalloc byte[256];

        if (statx(handle, Terminated(name), NoFollow, StatMask, ref MemoryMarshal.GetReference(stat)) != 0)
        {
            return Marshal.GetLastPInvokeError() is NoEntry or NotAFolder or NameTooLong ? null : throw Error("a file's kind");
        }

        return Read(stat);
    }

    /// <summary>The kind of what has a path; null when there is nothing, or nothing that this user can reach.</summary>
    public static UnixKind? KindAt(string path)
    {
        Span<byte> stat = stackalloc byte[256];
        return statx(CurrentFolder, Encode(path), NoFollow, StatMask, ref MemoryMarshal.GetReference(stat)) == 0 ? Read(stat).Kind : null;
    }

    private static UnixStat Read(ReadOnlySpan<byte> stat)
    {
        var mode = BinaryPrimitives.ReadUInt16LittleEndian(stat[28..]);
        var device = BinaryPrimitives.ReadUInt64LittleEndian(stat[128..]);

        var kind = (mode & 0xF000) switch
        {
            0x8000 => UnixKind.File,
            0x4000 => UnixKind.Folder,
            0xA000 => UnixKind.Link,
            0x2000 when device == 0 => UnixKind.Whiteout,
            _ => UnixKind.Special,
        };

        return new UnixStat(kind, mode & 0xFFF, BinaryPrimitives.ReadInt64LittleEndian(stat[40..]),
            BinaryPrimitives.ReadUInt64LittleEndian(stat[32..]),
            (BinaryPrimitives.ReadInt64LittleEndian(stat[96..]) * 1_000_000) + (BinaryPrimitives.ReadUInt32LittleEndian(stat[104..]) / 1000));
    }

    /// <summary>True when overlayfs must not show what the lower layer has below this folder.</summary>
    public bool IsOpaque()
    {
        var value = new byte[1];
        return (fgetxattr(handle, "user.overlay.opaque\0"u8.ToArray(), value, 1) == 1 && value[0] == 'y')
            || (fgetxattr(handle, "trusted.overlay.opaque\0"u8.ToArray(), value, 1) == 1 && value[0] == 'y');
    }

    public SafeFileHandle OpenFile(ReadOnlySpan<byte> name)
    {
        const int flags = CloseOnExec | DoNotBlock;
        var descriptor = openat(handle, Terminated(name), flags | DoNotFollow, 0);

        if (descriptor < 0 && Marshal.GetLastPInvokeError() == NoAccess)
        {
            MakeAccessible(name);
            descriptor = openat(handle, Terminated(name), flags | DoNotFollow, 0);
        }

        return Opened(descriptor, "a file of the workspace");
    }

    public byte[] ReadLink(ReadOnlySpan<byte> name)
    {
        var buffer = new byte[4096];
        var length = readlinkat(handle, Terminated(name), buffer, buffer.Length);
        Check((int)length, "a symbolic link");
        return buffer[..(int)length];
    }

    /// <summary>Fails when the name exists in any form.</summary>
    public FileStream CreateFile(ReadOnlySpan<byte> name, int mode) =>
        new(Opened(openat(handle, Terminated(name), WriteOnly | Create | Exclusive | CloseOnExec | DoNotFollow, mode), "a new file"), FileAccess.Write, 64 * 1024);

    public void CreateFolder(ReadOnlySpan<byte> name, int mode = 0x1ED) => Check(mkdirat(handle, Terminated(name), mode), "a new folder");

    public void CreateLink(ReadOnlySpan<byte> name, ReadOnlySpan<byte> target) =>
        Check(symlinkat(Terminated(target), handle, Terminated(name)), "a new symbolic link");

    /// <summary>Gives the file a second name in another folder of the same file system.</summary>
    public void LinkInto(ReadOnlySpan<byte> name, UnixFolder other, ReadOnlySpan<byte> otherName) =>
        Check(linkat(handle, Terminated(name), other.handle, Terminated(otherName), 0), "a second name of a file");

    /// <summary>Moves whatever has this name, with all below it and the overlay's marks, within one file system.</summary>
    public void MoveInto(ReadOnlySpan<byte> name, UnixFolder other) =>
        Check(renameat(handle, Terminated(name), other.handle, Terminated(name)), "a moved file or folder");

    /// <summary>Allowed without privileges since Linux 5.8.</summary>
    public void CreateWhiteout(ReadOnlySpan<byte> name) => Check(mknodat(handle, Terminated(name), 0x2000, 0), "a deletion mark");

    public void Dispose() => handle.Dispose();

    private void MakeAccessible(ReadOnlySpan<byte> name)
    {
        // Only on what is known to be no link: this call would follow one.
        if (Stat(name) is { Kind: UnixKind.Folder or UnixKind.File } stat)
        {
            Check(fchmodat(handle, Terminated(name), stat.Mode | 0x1C0, 0), "the rights of a file");
        }
    }

    private static byte[] Encode(string path) => Terminated(System.Text.Encoding.UTF8.GetBytes(path));

    private static byte[] Terminated(ReadOnlySpan<byte> name)
    {
        var bytes = new byte[name.Length + 1];
        name.CopyTo(bytes);
        return bytes;
    }

    private static SafeFileHandle Opened(int descriptor, string what)
    {
        Check(descriptor, what);
        return new SafeFileHandle(descriptor, ownsHandle: true);
    }

    private static void Check(int result, string what)
    {
        if (result < 0)
        {
            throw Error(what);
        }
    }

    private static IOException Error(string what)
    {
        var number = Marshal.GetLastPInvokeError();
        return new IOException($"Cannot open or make {what}: {Marshal.GetPInvokeErrorMessage(number)}.", number);
    }
}
