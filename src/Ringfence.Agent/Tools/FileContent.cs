using System.Buffers;
using System.Runtime.InteropServices;

namespace Ringfence.Agent.Tools;

/// <summary>
/// The bytes of a file in a borrowed buffer: searching thousands of small files leaves nothing to collect. Asks the kernel three things a file, and
/// never waits: a pipe that nobody writes to is empty.
/// </summary>
internal ref partial struct FileContent
{
    private const int ReadOnlyNonBlockingCloseOnExec = 0x80800;
    private const int IsDirectory = 21;
    private const int NotThere = 2;
    private const int NoDevice = 6;
    private const int LinkLoop = 40;
    private const int WouldWait = 11;

    private byte[] buffer;
    private int length;

    public readonly ReadOnlySpan<byte> Bytes => buffer.AsSpan(0, length);

    /// <summary>False when there is nothing to read: not there, no file, empty, or above <paramref name="most"/> bytes. Throws <see cref="IOException"/> when it may not be read.</summary>
    public static bool TryRead(string path, int most, out FileContent content)
    {
        content = new FileContent { buffer = ArrayPool<byte>.Shared.Rent(64 * 1024) };
        var file = Open(path, ReadOnlyNonBlockingCloseOnExec);

        if (file < 0)
        {
            content.Dispose();
            return Marshal.GetLastPInvokeError() is NotThere or NoDevice or LinkLoop ? false : throw new IOException(Marshal.GetLastPInvokeErrorMessage());
        }

        try
        {
            if (content.Fill(file, most) && content.length > 0)
            {
                return true;
            }

            content.Dispose();
            return false;
        }
        finally
        {
            _ = Close(file);
        }
    }

    public readonly void Dispose() => ArrayPool<byte>.Shared.Return(buffer);

    private bool Fill(int file, int most)
    {
        while (true)
        {
            if (length == buffer.Length)
            {
                var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
                Bytes.CopyTo(larger);
                ArrayPool<byte>.Shared.Return(buffer);
                buffer = larger;
            }

            var count = (int)Read(file, ref buffer[length], buffer.Length - length);

            if (count < 0)
            {
                return Marshal.GetLastPInvokeError() is IsDirectory or WouldWait ? false : throw new IOException(Marshal.GetLastPInvokeErrorMessage());
            }

            length += count;

            if (count == 0 || length > most)
            {
                return count == 0;
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static partial nint Read(int file, ref byte buffer, nint count);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int file);
}
