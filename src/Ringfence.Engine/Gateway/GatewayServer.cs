using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Ringfence.Gateway;

/// <summary>
/// One Kestrel for every sandbox. Connections come from listeners inside the sandboxes' own networks and carry the lease they arrived for; the
/// framework parses HTTP, nothing here does. Without the web host around it, it starts in a few milliseconds.
/// </summary>
internal sealed class GatewayServer : IAsyncDisposable
{
    private readonly KestrelServer server;
    private readonly DoorTransport transport;

    private GatewayServer(KestrelServer server, DoorTransport transport)
    {
        this.server = server;
        this.transport = transport;
    }

    /// <summary>Where TCP callers reach it; null when it does not listen.</summary>
    public IPEndPoint? Address => transport.TcpAddress;

    public static async Task<GatewayServer> StartAsync(
        IHttpApplication<CallContext> application, GatewayOptions options, CancellationToken cancellationToken)
    {
        var kestrel = new KestrelServerOptions { AddServerHeader = false, ApplicationServices = NoServices.Instance };

        // Agents keep a connection while their tools run for minutes.
        kestrel.Limits.KeepAliveTimeout = TimeSpan.FromMinutes(30);

        // The limit is ours, with an answer in the provider's shape instead of a cut connection.
        kestrel.Limits.MaxRequestBodySize = null;
        kestrel.Listen(DoorEndPoint.Instance);

        if (options.Listen is { } listen)
        {
            kestrel.Listen(listen);
        }

        var transport = new DoorTransport();
        var server = new KestrelServer(Options.Create(kestrel), transport, NullLoggerFactory.Instance);
        await server.StartAsync(application, cancellationToken);
        return new GatewayServer(server, transport);
    }

    /// <summary>Takes a connection that was accepted at a sandbox's door.</summary>
    public void Take(Socket connection, GatewayLease lease) => transport.Take(connection, lease);

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await server.StopAsync(now.Token);
        server.Dispose();
        transport.Dispose();
    }

    /// <summary>Stands for all doors: what Kestrel binds to instead of an address.</summary>
    private sealed class DoorEndPoint : EndPoint
    {
        public static DoorEndPoint Instance { get; } = new();

        public override AddressFamily AddressFamily => AddressFamily.Unspecified;

        public override string ToString() => "sandbox doors";
    }

    private sealed class DoorTransport : IConnectionListenerFactory, IDisposable
    {
        private readonly SocketConnectionContextFactory connections;

        // Whoever listens on TCP is a gateway alone: nothing in its calls blocks for long, and without a hop to another thread a call costs a third less.
        private readonly SocketTransportFactory tcp;
        private readonly Channel<ConnectionContext> arrived = Channel.CreateUnbounded<ConnectionContext>();

        public DoorTransport()
        {
            var alone = new SocketTransportOptions { UnsafePreferInlineScheduling = true, IOQueueCount = 0 };
            var shared = new SocketConnectionFactoryOptions();
            ReceiveBlocks.GiveTo(alone);
            ReceiveBlocks.GiveTo(shared);
            tcp = new SocketTransportFactory(Options.Create(alone), NullLoggerFactory.Instance);
            connections = new SocketConnectionContextFactory(shared, NullLogger.Instance);
        }

        public IPEndPoint? TcpAddress { get; private set; }

        public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
        {
            if (endpoint is DoorEndPoint)
            {
                return new DoorListener(arrived, endpoint);
            }

            var listener = await tcp.BindAsync(endpoint, cancellationToken);
            TcpAddress = listener.EndPoint as IPEndPoint;
            return listener;
        }

        public void Take(Socket socket, GatewayLease lease)
        {
            var connection = connections.Create(socket);
            connection.Features.Set(lease);

            if (!arrived.Writer.TryWrite(connection))
            {
                connection.Abort();
            }
        }

        public void Dispose() => connections.Dispose();
    }

    private sealed class DoorListener(Channel<ConnectionContext> arrived, EndPoint endpoint) : IConnectionListener
    {
        public EndPoint EndPoint => endpoint;

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
        {
            while (await arrived.Reader.WaitToReadAsync(cancellationToken))
            {
                if (arrived.Reader.TryRead(out var connection))
                {
                    return connection;
                }
            }

            return null;
        }

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            arrived.Writer.TryComplete();
            return ValueTask.CompletedTask;
        }

        public ValueTask DisposeAsync() => UnbindAsync();
    }

    private sealed class NoServices : IServiceProvider
    {
        public static NoServices Instance { get; } = new();

        public object? GetService(Type serviceType) => null;
    }
}
