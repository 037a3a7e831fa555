using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using Ringfence.Audit;
using Ringfence.Budgets;

namespace Ringfence.Gateway;

/// <summary>The door for model calls: one server for all sandboxes, which admits, meters and forwards, and holds the real keys.</summary>
public sealed class ModelGateway : IAsyncDisposable
{
    private static readonly TimeSpan TendEvery = TimeSpan.FromMilliseconds(250);

    private static readonly TimeSpan CrashesEvery = TimeSpan.FromSeconds(5);

    private readonly TimeProvider time;
    private readonly UpstreamPool upstreams;
    private readonly BudgetLedger ledger;
    private readonly CallHandler handler;
    private readonly KillSwitch killSwitch;
    private readonly KeyDesk? keys;
    private readonly TimeZoneInfo zone;
    private readonly CancellationTokenSource stopping = new();
    private GatewayServer? server;
    private Task tending = Task.CompletedTask;

    private ModelGateway(GatewayOptions options, UpstreamPool upstreams, BudgetLedger ledger, TimeProvider time)
    {
        this.time = time;
        this.upstreams = upstreams;
        this.ledger = ledger;
        zone = options.TimeZone;
        killSwitch = new KillSwitch(ledger, options.KillFolder, time);
        keys = options.Database is { } database ? new KeyDesk(new GatewayKeyStore(database, time), (r, m, s) => Open(r, m, s), killSwitch.IsStopped, time) : null;
        handler = new CallHandler(options, upstreams, ledger, keys, time);
    }

    /// <summary>Where callers outside any sandbox reach it; null when it does not listen.</summary>
    public IPEndPoint? Address => server?.Address;

    /// <summary>Starts the server. Every wrong option is reported at once.</summary>
    /// <remarks>Failures: <c>upstream_address</c>, <c>upstream_key</c>, <c>gateway_listen</c>.</remarks>
    public static async Task<Result<ModelGateway>> StartAsync(GatewayOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        var pool = UpstreamPool.Create(options.Upstreams, time);

        if (!pool.Succeeded(out var upstreams))
        {
            return Result.Fail<ModelGateway>(pool.Failures);
        }

        ILedgerStore store = options.Database is { } database ? new SqlLedgerStore(database, time) : new MemoryLedgerStore();
        var gateway = new ModelGateway(options, upstreams, new BudgetLedger(store, time), time);

        try
        {
            gateway.server = await GatewayServer.StartAsync(new GatewayApplication(gateway.HandleAsync), options, cancellationToken);
        }
        catch (IOException exception)
        {
            await gateway.DisposeAsync();
            return new Failure("gateway_listen", $"The gateway cannot listen on {options.Listen}: {exception.Message}");
        }

        gateway.tending = gateway.TendAsync();
        return gateway;
    }

    /// <summary>What would keep the gateway from starting, the keys' sources included; nothing is opened.</summary>
    public static IReadOnlyList<Failure> Check(GatewayOptions options)
    {
        var pool = UpstreamPool.Create(options.Upstreams, TimeProvider.System);

        if (pool.Succeeded(out var upstreams))
        {
            upstreams.Dispose();
        }

        return pool.Failures;
    }

    /// <summary>Opens a run's right to use the door. Facts of its calls go to <paramref name="recorder"/>.</summary>
    public GatewayLease Open(LeaseRequest request, IRecorder recorder) => Open(request, recorder, ScopesOf(request));

    /// <summary>The same with model traffic recorded to a cassette, or played back from one; null does neither.</summary>
    /// <remarks>Failures: <c>bad_cassette</c>.</remarks>
    public Result<GatewayLease> Open(LeaseRequest request, IRecorder recorder, CassetteMode? mode)
    {
        var scopes = ScopesOf(request);

        try
        {
            switch (mode)
            {
                case CassetteMode.Record record:
                    return Open(request, recorder, scopes, new CassetteRecorder(record));
                case CassetteMode.Replay replay:
                    return CassettePlayer.Load(replay).Succeeded(out var player, out var why)
                        ? Open(request, recorder, scopes, player: player) : Result.Fail<GatewayLease>(why);
                default:
                    return Open(request, recorder, scopes);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new Failure("bad_cassette", $"The cassette cannot be written: {exception.Message}");
        }
    }

    /// <summary>Accepts connections from a sandbox's door until the lease is disposed. Takes the listener over: it is closed with the lease.</summary>
    public void Serve(GatewayLease lease, Socket listener)
    {
        lease.Add(listener);
        _ = AcceptAsync(lease, listener);
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await tending;

        if (server is not null)
        {
            await server.DisposeAsync();
        }

        if (keys is not null)
        {
            await keys.LookAsync(CancellationToken.None);
        }

        await ledger.DisposeAsync();
        upstreams.Dispose();
        stopping.Dispose();
    }

    private GatewayLease Open(
        LeaseRequest request, IRecorder recorder, IReadOnlyList<(string, Money?)> scopes, CassetteRecorder? cassette = null, CassettePlayer? player = null)
    {
        var lease = new GatewayLease(request, recorder, new LeaseScopes(ledger, scopes, !request.IsStanding, zone, time), CloseAsync, time) { Cassette = cassette, Player = player };

        // Declared now, while the sandbox is still being built, so that the first call does not wait for it.
        _ = lease.Scopes.Current;
        killSwitch.Watch(lease);
        return lease;
    }

    private static List<(string, Money?)> ScopesOf(LeaseRequest request) =>
        [($"run:{request.Run}", request.Limit), .. request.Scopes.Select(scope => (scope.Name, scope.Limit))];

    private async ValueTask CloseAsync(GatewayLease lease)
    {
        killSwitch.Forget(lease);
        await ledger.CloseAsync(lease.Scopes.Current, CancellationToken.None);
    }

    private async Task AcceptAsync(GatewayLease lease, Socket listener)
    {
        try
        {
            while (true)
            {
                server!.Take(await listener.AcceptAsync(stopping.Token), lease);
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The lease, or the whole gateway, closed the door.
        }
    }

    private async Task HandleAsync(HttpContext http)
    {
        var lease = http.Features.Get<GatewayLease>();

        try
        {
            await handler.HandleAsync(http, lease);
        }
        catch (RecordUnavailableException exception)
        {
            // What is not recorded does not happen: the caller sees a cut, and nothing more is taken.
            lease?.End(new LeaseEnding(LeaseEndingReason.Unrecordable, new Failure("record_unavailable", exception.Message)));
            http.Abort();
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException or BadHttpRequestException)
        {
            // The caller went away or was cut off; whatever was reserved has been settled on the way out.
            http.Abort();
        }
    }

    private async Task TendAsync()
    {
        using var timer = new PeriodicTimer(TendEvery, time);

        try
        {
            await ledger.SettleCrashedAsync(stopping.Token);
            var lookedForCrashes = time.GetTimestamp();

            while (await timer.WaitForNextTickAsync(stopping.Token))
            {
                await killSwitch.LookAsync(stopping.Token);
                await ledger.TendAsync(stopping.Token);

                if (keys is not null)
                {
                    await keys.LookAsync(stopping.Token);
                }

                if (time.GetElapsedTime(lookedForCrashes) > CrashesEvery)
                {
                    await ledger.SettleCrashedAsync(stopping.Token);
                    lookedForCrashes = time.GetTimestamp();
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
    }
}
