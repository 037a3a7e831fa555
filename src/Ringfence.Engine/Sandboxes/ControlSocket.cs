using System.Buffers.Binary;
using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Ringfence.Sandboxes;

/// <summary>
/// The monitor's end of the line to us: frames, and descriptors that travel with them (SCM_RIGHTS, which the library's sockets do not offer).
/// Read by one thread; a record that we do not take makes the monitor wait, and with it the agent.
/// </summary>
internal sealed unsafe partial class ControlSocket(Socket socket) : IDisposable
{
    private const int LongestFrame = 1 << 20;
    private const int MostDescriptors = 8;
    private const int CloseOnExec = 0x40000000; // MSG_CMSG_CLOEXEC
    private const int Interrupted = 4; // EINTR

    private readonly Queue<SafeFileHandle> descriptors = new();
    private byte[] buffer = new byte[64 << 10];
    private int start;
    private int end;

    public void Send(ReadOnlySpan<byte> frame)
    {
        while (!frame.IsEmpty)
        {
            frame = frame[socket.Send(frame)..];
        }
    }

    /// <summary>Asks the monitor to end everything. It may be gone already.</summary>
    public void AskForTheEnd()
    {
        try
        {
            socket.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
        }
        catch (ObjectDisposedException)
        {
        }
    }

    /// <summary>The next frame, good until the next call; empty when the monitor has closed the line.</summary>
    public ReadOnlySpan<byte> Receive()
    {
        while (true)
        {
            if (end - start >= 4)
            {
                var length = checked((int)BinaryPrimitives.ReadUInt32LittleEndian(buffer.AsSpan(start)));

                if (length is 0 or > LongestFrame)
                {
                    throw new InvalidDataException($"The sandbox monitor sent a frame of {length} bytes.");
                }

                if (end - start >= 4 + length)
                {
                    var frame = buffer.AsSpan(start + 4, length);
                    start += 4 + length;
                    return frame;
                }

                MakeRoom(4 + length);
            }
            else
            {
                MakeRoom(4);
            }

            if (!Fill())
            {
                return [];
            }
        }
    }

    public SafeFileHandle TakeDescriptor() => descriptors.Dequeue();

    public void Dispose()
    {
        socket.Dispose();

        while (descriptors.TryDequeue(out var descriptor))
        {
            descriptor.Dispose();
        }
    }

    private void MakeRoom(int needed)
    {
        if (start + needed <= buffer.Length && end < buffer.Length)
        {
            return;
        }

        var kept = buffer.AsSpan(start, end - start);
        var target = needed > buffer.Length ? new byte[needed + 4096] : buffer;
        kept.CopyTo(target);
        (buffer, end, start) = (target, end - start, 0);
    }

    private bool Fill()
    {
        var control = stackalloc long[16];

        fixed (byte* bytes = buffer)
        {
            var piece = new Vector { Base = bytes + end, Length = (nuint)(buffer.Length - end) };
            var message = new Header { Pieces = &piece, PieceCount = 1, Control = control, ControlLength = 16 * sizeof(long) };
            nint received;

            do
            {
                received = ReceiveMessage((int)socket.Handle, &message, CloseOnExec);
            }
            while (received < 0 && Marshal.GetLastPInvokeError() == Interrupted);

            // A monitor that was killed resets the line; that is an end like any other.
            if (received <= 0)
            {
                return false;
            }

            end += (int)received;
            Take((byte*)control, (long)message.ControlLength);
            return true;
        }
    }

    private void Take(byte* control, long length)
    {
        const int HeaderLength = 16;

        while (length >= HeaderLength)
        {
            var size = *(long*)control;

            // SOL_SOCKET, SCM_RIGHTS
            for (var i = 0; *(int*)(control + 8) == 1 && *(int*)(control + 12) == 1 && i < (size - HeaderLength) / 4 && i < MostDescriptors; i++)
            {
                descriptors.Enqueue(new SafeFileHandle(((int*)(control + HeaderLength))[i], ownsHandle: true));
            }

            var step = (size + 7) & ~7;

            if (step < HeaderLength)
            {
                return;
            }

            control += step;
            length -= step;
        }
    }

    /// <summary>Waits until the process behind a pidfd has ended.</summary>
    public static void WaitForProcess(SafeFileHandle process)
    {
        var poll = new PollDescriptor { Descriptor = (int)process.DangerousGetHandle(), Events = 1 };

        while (Poll(&poll, 1, -1) < 0)
        {
            if (Marshal.GetLastPInvokeError() is var error and not Interrupted)
            {
                throw new Win32Exception(error);
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "recvmsg", SetLastError = true)]
    private static partial nint ReceiveMessage(int socket, Header* message, int flags);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int Poll(PollDescriptor* descriptors, nuint count, int timeout);

    [StructLayout(LayoutKind.Sequential)]
    private struct PollDescriptor
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Vector
    {
        public byte* Base;
        public nuint Length;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Header
    {
        public void* Name;
        public uint NameLength;
        public Vector* Pieces;
        public nuint PieceCount;
        public void* Control;
        public nuint ControlLength;
        public int Flags;
    }
}
