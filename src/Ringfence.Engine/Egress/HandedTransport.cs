using Microsoft.AspNetCore.Connections;
using System.Net;
using System.Threading.Channels;

namespace Ringfence.Egress;

/// <summary>A listener without a socket: its connections are handed over by <see cref="HandAsync"/>.</summary>
internal sealed class HandedTransport : IConnectionListenerFactory, IConnectionListener
{
    private readonly Channel<ConnectionContext> handed = Channel.CreateUnbounded<ConnectionContext>();

    public EndPoint EndPoint { get; private set; } = new IPEndPoint(IPAddress.Loopback, 0);

    public ValueTask HandAsync(HandedConnection connection) => handed.Writer.WriteAsync(connection);

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        EndPoint = endpoint;
        return ValueTask.FromResult<IConnectionListener>(this);
    }

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) =>
        await handed.Reader.WaitToReadAsync(cancellationToken) && handed.Reader.TryRead(out var connection) ? connection : null;

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        handed.Writer.TryComplete();
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => UnbindAsync();
}
