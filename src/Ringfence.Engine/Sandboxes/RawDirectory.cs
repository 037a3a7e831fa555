using System.Buffers.Binary;
using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text;

namespace Ringfence.Sandboxes;

internal enum RawEntryType
{
    Unknown = 0,
    Pipe = 1,
    CharacterDevice = 2,
    Directory = 4,
    BlockDevice = 6,
    File = 8,
    SymbolicLink = 10,
    Socket = 12,
}

/// <summary>
/// An open folder, read by bytes. The library's own enumeration decodes names (and so loses those that are not UTF-8) and resolves paths anew
/// for each step, which a running agent could redirect by a symbolic link.
/// </summary>
internal sealed unsafe partial class RawDirectory : IDisposable
{
    private const int OpenDirectory = 0x10000 | 0x20000 | 0x80000; // O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
    private const int CurrentDirectory = -100; // AT_FDCWD
    private const int EmptyPath = 0x1000; // AT_EMPTY_PATH
    private const int NoFollow = 0x100; // AT_SYMLINK_NOFOLLOW
    private const int LongestPiece = 2048;
    private const int OpenAt2 = 437;

    private readonly int descriptor;

    private RawDirectory(int descriptor) => this.descriptor = descriptor;

    public static RawDirectory Open(string path) => new(Check(OpenAt(CurrentDirectory, Text(path), OpenDirectory & ~0x20000), path));

    public RawDirectory Reopen() => new(Check(OpenAt(descriptor, ".\0"u8, OpenDirectory), "."));

    /// <summary>Opens a folder below this one; no component may be a symbolic link. Paths may be longer than the kernel takes at once.</summary>
    public RawDirectory OpenBelow(ReadOnlySpan<byte> path)
    {
        var current = descriptor;

        try
        {
            while (!path.IsEmpty)
            {
                var length = path.Length <= LongestPiece ? path.Length : path[..LongestPiece].LastIndexOf((byte)'/');
                var next = OpenPiece(current, path[..length]);
                CloseUnlessOwn(current);
                current = next;
                path = path[Math.Min(length + 1, path.Length)..];
            }
        }
        catch
        {
            CloseUnlessOwn(current);
            throw;
        }

        return new RawDirectory(current);
    }

    /// <summary>Names and types, without <c>.</c> and <c>..</c>, in the order of the file system.</summary>
    public IEnumerable<(byte[] Name, RawEntryType Type)> Entries()
    {
        var buffer = new byte[64 * 1024];

        while (Fill(buffer) is var filled and > 0)
        {
            for (var offset = 0; offset < filled;)
            {
                var entry = buffer.AsSpan(offset);
                var length = BinaryPrimitives.ReadUInt16LittleEndian(entry[16..]);
                var name = entry[19..length];
                name = name[..name.IndexOf((byte)0)];
                offset += length;

                if (!name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8))
                {
                    var copy = name.ToArray();
                    var type = (RawEntryType)entry[18];
                    yield return (copy, type == RawEntryType.Unknown ? TypeOf(copy) : type);
                }
            }
        }
    }

    /// <summary>A short extended attribute of this folder or of an entry in it; null when it has none.</summary>
    public string? Attribute(string attribute, byte[]? name = null)
    {
        // /proc/self/fd pins the parent; the entry itself is not followed.
        var path = name is null ? Text($"/proc/self/fd/{descriptor}/.") : [.. Encoding.ASCII.GetBytes($"/proc/self/fd/{descriptor}/"), .. name, 0];
        Span<byte> value = stackalloc byte[64];

        fixed (byte* buffer = value)
        {
            var length = GetAttribute(path, Text(attribute), buffer, value.Length);
            return length < 0 ? null : Encoding.Latin1.GetString(value[..(int)length]);
        }
    }

    /// <summary>Whether the entry is the character device 0:0, by which an overlay marks a deletion.</summary>
    public bool IsWhiteout(byte[] name) => Stat(name) is { } stat && stat.DeviceMajor == 0 && stat.DeviceMinor == 0;

    public int Descriptor => descriptor;

    public void Dispose() => Close(descriptor);

    private RawEntryType TypeOf(byte[] name) => Stat(name) is { } stat ? (RawEntryType)(stat.Mode >> 12) : RawEntryType.Unknown;

    private StatX? Stat(byte[] name)
    {
        StatX stat;
        return GetStat(descriptor, [.. name, 0], NoFollow, 0x7ff, &stat) == 0 ? stat : null;
    }

    private int Fill(byte[] buffer)
    {
        fixed (byte* bytes = buffer)
        {
            return (int)Check(GetEntries(descriptor, bytes, buffer.Length), "entries of a folder");
        }
    }

    private static int OpenPiece(int parent, ReadOnlySpan<byte> path)
    {
        var how = new OpenHow { Flags = OpenDirectory, Resolve = 0x04 | 0x08 | 0x02 }; // NO_SYMLINKS | BENEATH | NO_MAGICLINKS
        byte[] terminated = [.. path, 0];

        fixed (byte* name = terminated)
        {
            return (int)Check(SystemCall(OpenAt2, parent, name, &how, (nuint)sizeof(OpenHow)), Encoding.UTF8.GetString(path));
        }
    }

    private void CloseUnlessOwn(int other)
    {
        if (other != descriptor)
        {
            Close(other);
        }
    }

    private static byte[] Text(string text) => [.. Encoding.UTF8.GetBytes(text), 0];

    private static int Check(int result, string what) => (int)Check((nint)result, what);

    private static nint Check(nint result, string what)
    {
        if (result < 0)
        {
            var error = Marshal.GetLastPInvokeError();
            throw new IOException($"Cannot read {what}: {new Win32Exception(error).Message}.");
        }

        return result;
    }

    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true)]
    private static partial int OpenAt(int parent, ReadOnlySpan<byte> path, int flags);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "getdents64", SetLastError = true)]
    private static partial nint GetEntries(int descriptor, byte* buffer, nint size);

    [LibraryImport("libc", EntryPoint = "lgetxattr", SetLastError = true)]
    private static partial nint GetAttribute(ReadOnlySpan<byte> path, ReadOnlySpan<byte> name, byte* value, nint size);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true)]
    private static partial int GetStat(int parent, ReadOnlySpan<byte> path, int flags, uint mask, StatX* stat);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint SystemCall(nint number, nint parent, byte* path, OpenHow* how, nuint size);

    [StructLayout(LayoutKind.Sequential)]
    private struct OpenHow
    {
        public ulong Flags;
        public ulong Mode;
        public ulong Resolve;
    }

    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct StatX
    {
        [FieldOffset(28)]
        public ushort Mode;

        [FieldOffset(128)]
        public uint DeviceMajor;

        [FieldOffset(132)]
        public uint DeviceMinor;
    }
}
