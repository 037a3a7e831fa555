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

    // Pastes in brackets, word of focus and of a change between light and dark, and Shift-Enter told apart from Enter. Whoever does not know one ignores it.
    private const string Enter = "\e[?2004h\e[?1004h\e[?2031h\e[>1u";
    private const string Leave = "\e[<u\e[?2031l\e[?1004l\e[?2004l\e[?25h";

    private readonly byte[] found = new byte[128];
    private readonly StandardStreams streams;

    private bool isRaw;

    /// <param name="streams">Where escape sequences go.</param>
    /// <param name="isPlain">A terminal that knows no escape sequences: it edits lines itself, and nothing on it is drawn anew.</param>
    public TerminalDevice(StandardStreams streams, bool isPlain)
    {
        (this.streams, IsPlain) = (streams, isPlain);

        fixed (byte* settings = found)
        {
            _ = GetAttributes(0, settings);
        }

        SetRaw();
    }

    public bool IsPlain { get; }

    /// <summary>False while a shell has the terminal because we were sent to the background: then it is not ours to change.</summary>
    public static bool IsOurs => ForegroundGroup(0) == OwnGroup();

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
        if (IsPlain)
        {
            return;
        }

        var raw = (byte[])found.Clone();

        fixed (byte* settings = raw)
        {
            MakeRaw(settings);
            *(uint*)(settings + OutputFlags) |= PostProcess;
            _ = SetAttributes(0, Drain, settings);
        }

        isRaw = true;
        streams.WriteText(Enter);
    }

    public void Restore()
    {
        if (!isRaw)
        {
            return;
        }

        isRaw = false;
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

    public enum Waited
    {
        Typed,
        Woken,
    }

    /// <summary>Waits for a key, or for <paramref name="wake"/>.</summary>
    public static Waited Wait(int wake)
    {
        // struct pollfd: the descriptor, and what is waited for (POLLIN) below what has come.
        var wait = stackalloc int[4];
        (wait[0], wait[1], wait[2], wait[3]) = (0, 1, wake, 1);
        _ = PollFor(wait, 2, -1);
        return (wait[3] >> 16) != 0 ? Waited.Woken : Waited.Typed;
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

    [LibraryImport("libc", EntryPoint = "tcgetpgrp")]
    private static partial int ForegroundGroup(int descriptor);

    [LibraryImport("libc", EntryPoint = "getpgrp")]
    private static partial int OwnGroup();

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
