using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;

namespace Ringfence.Agent.Hosts;

/// <summary>The three standard streams, without the console library, which costs start-up time.</summary>
internal sealed partial class StandardStreams
{
    private readonly Lock gate = new();
    private readonly ArrayBufferWriter<byte> line = new(4096);
    private bool broken;

    /// <summary>Writes one object and a line feed, at once and whole.</summary>
    public void WriteLine(Action<Utf8JsonWriter> write)
    {
        lock (gate)
        {
            line.ResetWrittenCount();

            using (var writer = new Utf8JsonWriter(line, Json.Compact))
            {
                writer.WriteStartObject();
                write(writer);
                writer.WriteEndObject();
            }

            line.GetSpan(1)[0] = (byte)'\n';
            line.Advance(1);
            Write(line.WrittenSpan);
        }
    }

    public void WriteText(string text)
    {
        lock (gate)
        {
            Write(Encoding.UTF8.GetBytes(text));
        }
    }

    /// <summary>Where the shell's redirection stands: other programs may be writing to the same file.</summary>
    public static void WriteError(string text) => _ = Write(2, Encoding.UTF8.GetBytes(text + "\n"));

    public static FileStream OpenInput() => new(new SafeFileHandle(0, ownsHandle: false), FileAccess.Read, bufferSize: 0);

    /// <summary>
    /// Everything on standard input, or null when it is a terminal, closed, or stays silent for <paramref name="patience"/>: a program that leaves a pipe open
    /// must not keep us waiting for ever.
    /// </summary>
    public static string? ReadInput(TimeSpan patience)
    {
        var wait = new PollFd { Descriptor = 0, Events = 1 };

        if (IsTerminal(0) || Poll(ref wait, 1, (int)patience.TotalMilliseconds) <= 0)
        {
            return null;
        }

        try
        {
            using var input = OpenInput();
            using var reader = new StreamReader(input, Encoding.UTF8);
            return reader.ReadToEnd();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null; // closed
        }
    }

    public static bool IsTerminal(int descriptor) => IsATty(descriptor) == 1;

    private void Write(ReadOnlySpan<byte> bytes) => broken = broken || !Write(1, bytes);

    // By hand, because a program that started us may have left its end of the stream non-blocking.
    private static unsafe bool Write(int descriptor, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            for (var written = 0; written < bytes.Length;)
            {
                var count = WriteTo(descriptor, start + written, bytes.Length - written);

                if (count >= 0)
                {
                    written += (int)count;
                    continue;
                }

                var wait = new PollFd { Descriptor = descriptor, Events = 4 };

                // When the reader has gone, the work and its record go on.
                switch (Marshal.GetLastPInvokeError())
                {
                    case Interrupted:
                    case TryAgain when Poll(ref wait, 1, -1) >= 0:
                        continue;

                    default:
                        return false;
                }
            }
        }

        return true;
    }

    private const int Interrupted = 4;
    private const int TryAgain = 11;

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static unsafe partial nint WriteTo(int descriptor, byte* bytes, nint count);

    [StructLayout(LayoutKind.Sequential)]
    private struct PollFd
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }

    [LibraryImport("libc", EntryPoint = "poll")]
    private static partial int Poll(ref PollFd descriptors, nint count, int milliseconds);

    [LibraryImport("libc", EntryPoint = "isatty")]
    private static partial int IsATty(int descriptor);
}
