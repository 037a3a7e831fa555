using System.Net.Sockets;

namespace Ringfence.Sandboxes;

/// <summary>One running sandbox. Disposing it kills what runs inside and returns when nothing is left.</summary>
public sealed class Sandbox : IAsyncDisposable
{
    private readonly SandboxProcess process;

    internal Sandbox(SandboxProcess process, string name)
    {
        this.process = process;
        Name = name;
    }

    public string Name { get; }

    /// <summary>What the command reads. Dispose it to give the command its end of file.</summary>
    public Stream StandardInput => process.StandardInput;

    /// <summary>Counted against <see cref="SandboxLimits.OutputBytes"/>. Read it: a full pipe blocks the command.</summary>
    public Stream StandardOutput => process.StandardOutput;

    public Stream StandardError => process.StandardError;

    /// <summary>Listens on <see cref="SandboxEndpoints.Gateway"/> inside; null without <see cref="SandboxDoors.Gateway"/>. Closed with the sandbox.</summary>
    public Socket? GatewayListener => process.Handed.GatewayListener;

    /// <summary>Accepts every other TCP connection; <c>SO_ORIGINAL_DST</c> tells what was meant. Null without <see cref="SandboxDoors.Egress"/>.</summary>
    public Socket? EgressListener => process.Handed.EgressListener;

    /// <summary>
    /// What else accepts connections: questions of DNS by TCP; and where packet rules cannot be had, one listener for each usual port takes the place
    /// of the one, whose local address is the destination that was meant.
    /// </summary>
    public IReadOnlyList<Socket> MoreEgressListeners => process.Handed.MoreEgressListeners;

    /// <summary>Receive every DNS question sent by UDP, whatever server it was meant for: one for each family of addresses.</summary>
    public IReadOnlyList<Socket> DnsSockets => process.Handed.DnsSockets;

    /// <summary>Receives the beginning of every packet that is refused, in the kernel's own form; null where the kernel cannot report them.</summary>
    public Socket? RefusedPackets => process.Handed.RefusedPackets;

    /// <summary>The walls and limits that hold, one per line, with the level reached.</summary>
    public IReadOnlyList<string> Isolation => process.Isolation;

    /// <summary>Ends when nothing of the sandbox is left.</summary>
    public Task<SandboxExit> Completion => process.Completion;

    /// <summary>When output or a command was last seen, as a <see cref="TimeProvider.GetTimestamp"/>.</summary>
    public long LastActivity => process.LastActivity;

    /// <summary>Says that something happened that only the caller can see, such as a model call; keeps the silence limit away.</summary>
    public void NoteActivity() => process.NoteActivity();

    /// <summary>Ends it; <see cref="Completion"/> tells <see cref="SandboxExit.Killed"/>. Returns at once; the first reason stays.</summary>
    public void Kill(string by) => process.Kill(new SandboxExit.Killed(by));

    /// <summary>The launcher's outer half.</summary>
    internal int MonitorProcess => process.MonitorProcess;

    /// <summary>Tells the command that its terminal has another size. Nothing happens without a terminal, or when it has ended.</summary>
    public void ResizeTerminal(SandboxTerminal size) => process.ResizeTerminal(size);

    public async ValueTask DisposeAsync()
    {
        Kill("disposed");
        await Completion.ConfigureAwait(false);
        process.Dispose();
    }
}
