using System.Net;
using System.Net.Sockets;
using Ringfence.Audit;

namespace Ringfence.Egress;

/// <summary>One connection out of the sandbox, from its capture to its one event in the record.</summary>
internal sealed class CapturedConnection : IDisposable
{
    private readonly EgressDoorOptions options;
    private readonly IRecorder recorder;
    private readonly TimeProvider time;
    private readonly long started;
    private readonly CancellationTokenSource life;
    private readonly CancellationTokenRegistration closing;
    private EgressDecision? refusal;
    private long opened = -1;

    public CapturedConnection(Socket socket, EgressDoorOptions options, IRecorder recorder, TimeProvider time, CancellationToken closing)
    {
        Socket = socket;
        Destination = OriginalDestination.Of(socket);
        this.options = options;
        this.recorder = recorder;
        this.time = time;
        started = time.GetTimestamp();
        life = new CancellationTokenSource(options.Limits.Opening, time);
        this.closing = closing.Register(End);
    }

    public Socket Socket { get; }

    /// <summary>Where the sandbox's program wanted to go: an address that the door's own DNS gave out, or a literal one.</summary>
    public IPEndPoint Destination { get; }

    public int Port => Destination.Port;

    /// <summary>The name that the destination was given out for; no text for a literal address.</summary>
    public HostName Host { get; set; }

    public string Protocol { get; set; } = "tcp";

    public string? Sni { get; set; }

    /// <summary>The rule that let it through.</summary>
    public string Rule { get; set; } = EgressDecision.NoRule;

    public ByteCount Bytes { get; } = new();

    /// <summary>Cancelled when the door closes, when the client took too long to say what it wants, or when both sides are silent for too long.</summary>
    public CancellationToken Life => life.Token;

    /// <summary>Gives the connection another period of silence.</summary>
    public void StillAlive() => life.CancelAfter(options.Limits.Idle);

    /// <summary>A refused connection gets this long to say what it wanted, for the record and for an answer in its own protocol.</summary>
    public void Hurry() => life.CancelAfter(TimeSpan.FromSeconds(2));

    public void End() => life.Cancel();

    /// <summary>Notes why a connection that was allowed is ended after all. Only the first reason counts: it is the cause, what follows are its effects.</summary>
    public void Refuse(string reason, string rule = EgressDecision.NoRule) =>
        Interlocked.CompareExchange(ref refusal, EgressDecision.Deny(reason, rule), null);

    /// <summary>
    /// Writes that it was dialled, the first time: a connection that is opened dials again for later requests. Returns when that outlives us: whoever kills
    /// the supervisor the moment after has a record that tells where bytes went.
    /// </summary>
    public async ValueTask RecordOpeningAsync(IPAddress address)
    {
        lock (life)
        {
            if (opened >= 0)
            {
                return;
            }

            opened = recorder.Append(new NetworkOpened(options.Sandbox, Host.Text, Port, address.ToString(), Protocol, Rule));
        }

        await recorder.FlushAsync(Life);
    }

    /// <summary>Writes the connection's event.</summary>
    public void Record(EgressDecision decision)
    {
        var final = refusal is null ? decision : refusal with { Rule = refusal.Rule == EgressDecision.NoRule ? decision.Rule : refusal.Rule };
        recorder.Append(new NetworkConnection(
            options.Sandbox, Host.Text ?? AddressRange.Unwrap(Destination.Address).ToString(), Port, Protocol, Sni, final.Allowed, final.Reason, final.Rule,
            Bytes.Up, Bytes.Down, (long)time.GetElapsedTime(started).TotalMicroseconds)
        {
            Causes = opened < 0 ? [] : [opened],
        });
    }

    /// <summary>Writes an event for one request on the connection that was refused, while the connection goes on.</summary>
    public void RecordRequest(EgressDecision decision, string request) =>
        recorder.Append(new NetworkConnection(
            options.Sandbox, Host.Text, Port, Protocol, Sni, decision.Allowed, decision.Reason, decision.Rule, 0, 0, 0) { Request = request });

    /// <summary>Closes with a reset, not an orderly end: a client must not take a refusal for an empty answer.</summary>
    public void Reset()
    {
        Socket.LingerState = new LingerOption(true, 0);
        Socket.Dispose();
    }

    /// <summary>Says goodbye and waits a moment for the client's own. Closing with unread bytes would send a reset that overtakes our last words.</summary>
    public async Task LingerAsync()
    {
        Hurry();
        Socket.Shutdown(SocketShutdown.Send);
        var ignored = new byte[4096];

        while (await Socket.ReceiveAsync(ignored, SocketFlags.None, Life) > 0)
        {
        }
    }

    public void Dispose()
    {
        closing.Dispose();
        Socket.Dispose();
        life.Dispose();
    }
}
