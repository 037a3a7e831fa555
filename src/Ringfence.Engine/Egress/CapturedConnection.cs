using System.Net;
using System.Net.Sockets;
using Ringfence.Audit;

namespace Ringfence.Egress;

/// <summary>One connection out of the sandbox, from its capture to its one event in the record.</summary>
internal sealed class CapturedConnection(Socket socket, EgressDoorOptions options, IRecorder recorder, TimeProvider time)
{
    private readonly long started = time.GetTimestamp();
    private int recorded;

    public Socket Socket => socket;

    public IPEndPoint Destination { get; } = OriginalDestination.Of(socket);

    /// <summary>The name that the destination was given out for; null for a literal address.</summary>
    public HostName? Host { get; set; }

    public string Protocol { get; set; } = "tcp";

    public string? Sni { get; set; }

    /// <summary>What the run's meter has counted for this connection.</summary>
    public ByteCount Bytes { get; } = new();

    /// <summary>Writes the connection's event. Only the first ending counts: it is the cause, what follows are its effects.</summary>
    public void Record(EgressDecision decision)
    {
        if (Interlocked.Exchange(ref recorded, 1) == 0)
        {
            recorder.Append(new NetworkConnection(
                options.Sandbox, Host?.Text ?? AddressRange.Unwrap(Destination.Address).ToString(), Destination.Port, Protocol, Sni, decision.Allowed,
                decision.Reason, decision.Rule, Bytes.Up, Bytes.Down, (long)time.GetElapsedTime(started).TotalMicroseconds));
        }
    }
}

/// <summary>Bytes of one connection, counted by two directions at once.</summary>
internal sealed class ByteCount
{
    private long up;
    private long down;

    public long Up => Interlocked.Read(ref up);

    public long Down => Interlocked.Read(ref down);

    public void AddUp(long bytes) => Interlocked.Add(ref up, bytes);

    public void AddDown(long bytes) => Interlocked.Add(ref down, bytes);
}
