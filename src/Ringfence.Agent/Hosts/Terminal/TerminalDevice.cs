using System.Runtime.InteropServices;

namespace Ringfence.Agent.Hosts.Terminal;

/// <summary>The terminal itself: raw mode, size, bytes in. Whatever happens, it is given back as it was found.</summary>
internal sealed unsafe partial class TerminalDevice : IDisposable
{
    private const int OutputFlags = 4; // offset of c_oflag in struct termios
    private const uint PostProcess = 1; // OPOST: a line feed still returns the carriage
    private const int Drain = 1;
    private const uint WindowSize = 0x5413;
    private const int StopSignal = 20;

    // Bracketed paste on; the cursor as a bar while we write would be a matter of taste.
    private const string Enter = "\e[?2004h";
    private const string Leave = "\e[?2004l\e[?25h";

    private readonly byte[] found = new byte[128];
    private readonly StandardStreams streams;

    public TerminalDevice(StandardStreams streams)
    {
        this.streams = streams;

        fixed (byte* settings = found)
        {
            _ = GetAttributes(0, settings);
        }

        SetRaw();
    }

    public (int Width, int Height) Size
    {
        get
        {
            var size = stackalloc ushort[4];
            return Control(1, WindowSize, size) == 0 && size[1] > 0 ? (size[1], size[0]) : (80, 24);
        }
    }

    public void SetRaw()
    {
        var raw = (byte[])found.Clone();

        fixed (byte* settings = raw)
        {
            MakeRaw(settings);
            *(uint*)(settings + OutputFlags) |= PostProcess;
            _ = SetAttributes(0, Drain, settings);
        }

        streams.WriteText(Enter);
    }

    public void Restore()
    {
        streams.WriteText(Leave);

        fixed (byte* settings = found)
        {
            _ = SetAttributes(0, Drain, settings);
        }
    }

    /// <summary>
    /// Goes to the background as Ctrl-Z asks. The stop takes effect a moment after this returns, so that whoever hears of the continuation sets raw mode again.
    /// </summary>
    public void Suspend()
    {
        Restore();
        _ = Kill(0, StopSignal);
    }

    /// <returns>How many bytes came; 0 at the end.</returns>
    public static int Read(Span<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            return (int)ReadFrom(0, start, buffer.Length);
        }
    }

    /// <summary>Whether more bytes are there already, or come within the time: an escape alone is a key, with more it begins a sequence.</summary>
    public static bool HasMore(int milliseconds)
    {
        var wait = stackalloc int[2];
        wait[0] = 0;
        wait[1] = 1; // POLLIN
        return PollFor(wait, 1, milliseconds) > 0;
    }

    public void Dispose() => Restore();

    [LibraryImport("libc", EntryPoint = "tcgetattr")]
    private static partial int GetAttributes(int descriptor, byte* settings);

    [LibraryImport("libc", EntryPoint = "tcsetattr")]
    private static partial int SetAttributes(int descriptor, int when, byte* settings);

    [LibraryImport("libc", EntryPoint = "cfmakeraw")]
    private static partial void MakeRaw(byte* settings);

    [LibraryImport("libc", EntryPoint = "ioctl")]
    private static partial int Control(int descriptor, nuint request, ushort* size);

    [LibraryImport("libc", EntryPoint = "read")]
    private static partial nint ReadFrom(int descriptor, byte* buffer, nint count);

    [LibraryImport("libc", EntryPoint = "poll")]
    private static partial int PollFor(int* descriptors, nint count, int milliseconds);

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
