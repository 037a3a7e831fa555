using System.Collections.Concurrent;
using System.Net.Sockets;
using Ringfence.Audit;

namespace Ringfence.Egress;

/// <summary>
/// The only way out of one sandbox besides the gateway. All TCP and DNS of the sandbox arrives here; what the rules do not allow ends here, and
/// every attempt is one event in the record.
/// </summary>
public sealed class EgressDoor : IAsyncDisposable
{
    private const int DnsPort = 53;
    private readonly EgressDoorOptions options;
    private readonly IReadOnlyList<Socket> listeners;
    private readonly IReadOnlyList<Socket> dns;
    private readonly RefusedPackets refused;
    private readonly IRecorder recorder;
    private readonly TimeProvider time;
    private readonly DnsResponder names;
    private readonly ConnectionHandler handler;
    private readonly CancellationTokenSource closing = new();
    private readonly ConcurrentDictionary<CapturedConnection, Task> open = new();
    private readonly TaskCompletionSource broken = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task serving;

    private EgressDoor(
        EgressDoorOptions options, IReadOnlyList<Socket> listeners, IReadOnlyList<Socket> dns, Socket? refusedPackets, IRecorder recorder, TimeProvider time)
    {
        this.options = options;
        this.listeners = listeners;
        this.dns = dns;
        this.recorder = recorder;
        this.time = time;
        names = new DnsResponder(options, recorder);
        handler = new ConnectionHandler(options, recorder, time);
        refused = new RefusedPackets(options.Sandbox, refusedPackets, names, recorder);
        serving = Task.WhenAll(
        [
            .. dns.Select(socket => GuardAsync(() => names.ServeAsync(socket, closing.Token))),
            .. listeners.Select(listener => GuardAsync(() => AcceptAsync(listener))),
            GuardAsync(() => refused.ServeAsync(closing.Token)),
        ]);
    }

    /// <summary>Faults when the record cannot be written any more. The door has closed then, and the run must end.</summary>
    public Task Broken => broken.Task;

    /// <summary>Hosts that were let through in learn mode without a rule, as patterns to paste into an allow list, sorted.</summary>
    public IReadOnlyList<string> Learned => handler.Learned;

    /// <summary>Starts to answer. The door owns all sockets from now on and closes them with itself.</summary>
    /// <param name="listeners">Listening TCP sockets to which all of the sandbox's connections are redirected.</param>
    /// <param name="dns">Bound UDP sockets to which all of the sandbox's DNS queries are redirected.</param>
    /// <param name="refusedPackets">Gets the beginning of each packet that the sandbox's rules refuse; null where the kernel cannot report them.</param>
    public static EgressDoor Open(
        EgressDoorOptions options, IReadOnlyList<Socket> listeners, IReadOnlyList<Socket> dns, Socket? refusedPackets, IRecorder recorder, TimeProvider time) =>
        new(options, listeners, dns, refusedPackets, recorder, time);

    /// <summary>Ends every connection and returns when each has its event in the record.</summary>
    public async ValueTask DisposeAsync()
    {
        await closing.CancelAsync();

        foreach (var socket in listeners.Concat(dns))
        {
            socket.Dispose();
        }

        await serving;
        refused.Dispose();
        await Task.WhenAll(open.Values);
        closing.Dispose();
    }

    private async Task AcceptAsync(Socket listener)
    {
        while (true)
        {
            if (await NextAsync(listener) is not { } connection)
            {
                continue;
            }

            if (open.Count >= options.Limits.Connections)
            {
                connection.Record(EgressDecision.Deny(EgressReasons.ConnectionLimit));
                connection.Reset();
                connection.Dispose();
                continue;
            }

            // Registered before it starts, so that its end never comes first.
            var start = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            open[connection] = GuardAsync(() => ServeAsync(connection, start.Task));
            start.SetResult();
        }
    }

    // A client that has reset its connection before we looked is no reason to stop listening.
    private async Task<CapturedConnection?> NextAsync(Socket listener)
    {
        Socket? socket = null;

        try
        {
            socket = await listener.AcceptAsync(closing.Token);
            return new CapturedConnection(socket, options, recorder, time, closing.Token);
        }
        catch (SocketException) when (!closing.IsCancellationRequested)
        {
            socket?.Dispose();
            return null;
        }
    }

    private async Task ServeAsync(CapturedConnection connection, Task start)
    {
        await start;

        try
        {
            if (connection.Port == DnsPort)
            {
                await using var stream = new NetworkStream(connection.Socket, ownsSocket: false);
                await names.ServeAsync(stream, connection.Life);
                return;
            }

            if (names.TryFind(connection.Destination.Address, out var name))
            {
                connection.Host = name;
            }

            await handler.ServeAsync(connection);
        }
        finally
        {
            open.TryRemove(connection, out _);
            connection.Dispose();
        }
    }

    // What is not recorded does not happen: when the record fails the door closes. Broken connections are everyday life.
    private async Task GuardAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (RecordUnavailableException unavailable)
        {
            broken.TrySetException(unavailable);
            await closing.CancelAsync();
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
        }
        catch (Exception bug)
        {
            // Fail closed: a connection that nobody can explain must not leave a door open.
            broken.TrySetException(bug);
            await closing.CancelAsync();
        }
    }
}
