using System.Runtime.InteropServices;

namespace Ringfence.Agent.Tools;

/// <summary>Writes a file whole or not at all, through symbolic links, keeping mode and owner.</summary>
internal static partial class FileWriter
{
    private const int CurrentDirectory = -100;
    private const uint BasicStats = 0x7ff;

    /// <exception cref="IOException">The disk is full, or the like; the old file is still there.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be written.</exception>
    public static void Write(string path, ReadOnlySpan<byte> bytes)
    {
        var target = RealPath.Of(path);

        if (!File.Exists(target))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            WriteNew(target, bytes, mode: null);
            return;
        }

        // A rename would part a file from its other hard links and give it to us: such a file is overwritten in place.
        if (!IsOursAlone(target) || !TryReplace(target, bytes))
        {
            File.WriteAllBytes(target, bytes);
        }
    }

    private static bool TryReplace(string target, ReadOnlySpan<byte> bytes)
    {
        // Refused here, as the kernel would refuse it, although the directory would let us swap the file for another.
        using (File.Open(target, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
        }

        var temporary = $"{target}.{Environment.ProcessId}.tmp";

        try
        {
            WriteNew(temporary, bytes, File.GetUnixFileMode(target));
        }
        catch (UnauthorizedAccessException)
        {
            return false; // the directory may not be written, but the file may
        }

        File.Move(temporary, target, overwrite: true);
        return true;
    }

    private static void WriteNew(string path, ReadOnlySpan<byte> bytes, UnixFileMode? mode)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);

            if (mode is { } same)
            {
                File.SetUnixFileMode(stream.SafeFileHandle, same);
            }

            stream.Write(bytes);
        }
        catch (IOException)
        {
            File.Delete(path);
            throw;
        }
    }

    private static unsafe bool IsOursAlone(string path)
    {
        // struct statx: links at 16, owner at 20, group at 24, each 32 bits.
        var stat = stackalloc byte[256];

        return Statx(CurrentDirectory, path, 0, BasicStats, stat) == 0
            && *(uint*)(stat + 16) == 1 && *(uint*)(stat + 20) == GetUserId() && *(uint*)(stat + 24) == GetGroupId();
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int Statx(int directory, string path, int flags, uint mask, byte* result);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint GetUserId();

    [LibraryImport("libc", EntryPoint = "getegid")]
    private static partial uint GetGroupId();
}
