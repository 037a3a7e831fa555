using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;

namespace Ringfence.Sandboxes;

/// <summary>
/// What the launcher made inside the sandbox and passed out over the control socket. Taken by the thread that follows the sandbox, before it is ready;
/// read by others only after that.
/// </summary>
internal sealed class HandedDescriptors : IDisposable
{
    private readonly List<Socket> moreEgressListeners = [];
    private readonly List<Socket> dnsSockets = [];

    public Socket? GatewayListener { get; private set; }

    public Socket? EgressListener { get; private set; }

    public IReadOnlyList<Socket> MoreEgressListeners => moreEgressListeners;

    public IReadOnlyList<Socket> DnsSockets => dnsSockets;

    public Socket? RefusedPackets { get; private set; }

    /// <summary>Our side of the command's terminal, when it has one.</summary>
    public FileStream? Terminal { get; private set; }

    /// <summary>The sandbox's first process: readable when it has ended, and with it everything inside.</summary>
    public SafeFileHandle? Init { get; private set; }

    /// <summary>Takes descriptors that have arrived, in the order in which they are named.</summary>
    /// <exception cref="InvalidDataException">A name is not known: the launcher is of another version.</exception>
    public void Take(IEnumerable<string> names, ControlSocket control)
    {
        foreach (var name in names)
        {
            var handle = control.TakeDescriptor();

            switch (name)
            {
                case "gateway":
                    GatewayListener = AsSocket(handle);
                    break;
                case "egress" when EgressListener is null:
                    EgressListener = AsSocket(handle);
                    break;
                case "egress" or "dns-tcp":
                    moreEgressListeners.Add(AsSocket(handle));
                    break;
                case "dns":
                    dnsSockets.Add(AsSocket(handle));
                    break;
                case "refused":
                    RefusedPackets = AsSocket(handle);
                    break;
                case "init":
                    Init = handle;
                    break;
                case "terminal":
                    Terminal = new FileStream(handle, FileAccess.ReadWrite, bufferSize: 0, isAsync: false);
                    break;
                default:
                    handle.Dispose();
                    throw new InvalidDataException($"Descriptor '{name}' is not known.");
            }
        }
    }

    public void Dispose()
    {
        GatewayListener?.Dispose();
        EgressListener?.Dispose();
        moreEgressListeners.ForEach(listener => listener.Dispose());
        dnsSockets.ForEach(socket => socket.Dispose());
        RefusedPackets?.Dispose();
        Terminal?.Dispose();
        Init?.Dispose();
    }

    private static Socket AsSocket(SafeFileHandle handle)
    {
        var socket = new Socket(new SafeSocketHandle(handle.DangerousGetHandle(), ownsHandle: true));
        handle.SetHandleAsInvalid();
        return socket;
    }
}
