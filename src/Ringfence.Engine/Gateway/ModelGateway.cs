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

    private readonly TimeProvider time;
    private readonly UpstreamPool upstreams;
    private readonly BudgetLedger ledger;
    private readonly CallHandler handler;
    private readonly CancellationTokenSource stopping = new();
    private GatewayServer? server;
    private Task tending = Task.CompletedTask;

    private ModelGateway(GatewayOptions options, UpstreamPool upstreams, BudgetLedger ledger, TimeProvider time)
    {
        this.time = time;
        this.upstreams = upstreams;
        this.ledger = ledger;
        handler = new CallHandler(options, upstreams, ledger, time);
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

        var gateway = new ModelGateway(options, upstreams, new BudgetLedger(new MemoryLedgerStore(), time), time);

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

    /// <summary>Opens a run's right to use the door. Facts of its calls go to <paramref name="recorder"/>.</summary>
    public GatewayLease Open(LeaseRequest request, IRecorder recorder)
    {
        var scopes = new List<ScopeLimit> { new($"run:{request.Run}", $"run:{request.Run}", request.Limit) };
        return new GatewayLease(request, recorder, ledger.Open(scopes), _ => ValueTask.CompletedTask);
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

        await ledger.DisposeAsync();
        upstreams.Dispose();
        stopping.Dispose();
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
        try
        {
            await handler.HandleAsync(http, http.Features.Get<GatewayLease>());
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
            while (await timer.WaitForNextTickAsync(stopping.Token))
            {
                await ledger.TendAsync(stopping.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
    }
}
