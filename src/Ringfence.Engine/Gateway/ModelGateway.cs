using System.Net.Sockets;
using Ringfence.Audit;

namespace Ringfence.Gateway;

/// <summary>The door for model calls: one server for all sandboxes, which admits, meters and forwards, and holds the real keys.</summary>
public sealed class ModelGateway : IAsyncDisposable
{
    private readonly List<Socket> doors = [];
    private readonly List<GatewayLease> leases = [];

    private ModelGateway()
    {
    }

    /// <summary>Starts the server. Every wrong option is reported at once.</summary>
    public static Task<Result<ModelGateway>> StartAsync(GatewayOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult<Result<ModelGateway>>(new ModelGateway());
    }

    /// <summary>Opens a run's right to use the door. Facts of its calls go to <paramref name="recorder"/>.</summary>
    public GatewayLease Open(LeaseRequest request, IRecorder recorder)
    {
        var lease = new GatewayLease(request, recorder);
        leases.Add(lease);
        return lease;
    }

    /// <summary>Accepts connections from a sandbox's door until the lease is disposed. Takes the listener over: it is closed with the lease.</summary>
    public void Serve(GatewayLease lease, Socket listener) => doors.Add(listener);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
