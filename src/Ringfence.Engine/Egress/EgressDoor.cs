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
    private readonly EgressDoorOptions options;
    private readonly Socket listener;
    private readonly Socket dns;
    private readonly IRecorder recorder;
    private readonly TimeProvider time;
    private readonly DnsResponder names;
    private readonly CancellationTokenSource closing = new();
    private readonly ConcurrentDictionary<CapturedConnection, Task> open = new();
    private readonly Task serving;

    private EgressDoor(EgressDoorOptions options, Socket listener, Socket dns, IRecorder recorder, TimeProvider time)
    {
        this.options = options;
        this.listener = listener;
        this.dns = dns;
        this.recorder = recorder;
        this.time = time;
        names = new DnsResponder(options, recorder);
        serving = Task.WhenAll(names.ServeAsync(dns, closing.Token), AcceptAsync());
    }

    /// <summary>Starts to answer. The door owns both sockets from now on and closes them with itself.</summary>
    /// <param name="listener">Listening TCP socket to which all of the sandbox's connections are redirected.</param>
    /// <param name="dns">Bound UDP socket to which all of the sandbox's DNS queries are redirected.</param>
    public static EgressDoor Open(EgressDoorOptions options, Socket listener, Socket dns, IRecorder recorder, TimeProvider time) =>
        new(options, listener, dns, recorder, time);

    /// <summary>Completes when the door has stopped by itself, which only happens when the record cannot be written: the run must end then.</summary>
    public Task Completion => serving;

    /// <summary>Ends every connection and returns when each has its event in the record.</summary>
    public async ValueTask DisposeAsync()
    {
        await closing.CancelAsync();
        listener.Dispose();
        dns.Dispose();
        await serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.WhenAll(open.Values).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        closing.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            var socket = await listener.AcceptAsync(closing.Token);
            var connection = new CapturedConnection(socket, options, recorder, time);

            if (open.Count >= options.Limits.Connections)
            {
                connection.Record(EgressDecision.Deny(EgressReasons.ConnectionLimit));
                Reset(socket);
                continue;
            }

            // The continuation runs after the entry is in place: TryRemove never comes first.
            var task = Task.Run(() => ServeAsync(connection));
            open[connection] = task;
            _ = task.ContinueWith(_ => open.TryRemove(connection, out Task? _), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }

    private async Task ServeAsync(CapturedConnection connection)
    {
        if (connection.Destination.Port == 53)
        {
            connection.Protocol = "dns";
            await using var stream = new NetworkStream(connection.Socket, ownsSocket: true);
            await names.ServeAsync(stream, closing.Token);
            return;
        }

        connection.Record(Decide(connection));
        Reset(connection.Socket);
    }

    private EgressDecision Decide(CapturedConnection connection)
    {
        if (!names.TryFind(connection.Destination.Address, out var name))
        {
            return EgressDecision.Deny(EgressReasons.LiteralAddress);
        }

        connection.Host = name;
        return options.Rules.Decide(name, connection.Destination.Port) is { Allowed: false } denied ? denied : EgressDecision.Deny(EgressReasons.NotConnected);
    }

    // A reset, not an orderly end: a client must not take a refusal for an empty answer.
    private static void Reset(Socket socket)
    {
        socket.LingerState = new LingerOption(true, 0);
        socket.Dispose();
    }
}
