using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
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

/// <summary>A captured connection as the web server sees it: clear bytes, and whether they came out of TLS.</summary>
internal sealed class HandedConnection : ConnectionContext, ITlsConnectionFeature, ITlsApplicationProtocolFeature, ITlsHandshakeFeature
{
    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CapturedConnection connection;

    /// <param name="stream">The clear bytes. An SslStream makes the requests https, with the protocol that its handshake chose.</param>
    public HandedConnection(CapturedConnection connection, Stream stream, RequestForwarder forwarder)
    {
        this.connection = connection;
        ConnectionClosed = connection.Life;
        ConnectionId = forwarder.Id;
        Transport = new Pipes(PipeReader.Create(stream), PipeWriter.Create(stream));
        Items = new Dictionary<object, object?>();
        Features.Set(forwarder);

        if (stream is SslStream tls)
        {
            Protocol = tls.SslProtocol;
            ApplicationProtocol = tls.NegotiatedApplicationProtocol.Protocol;
            Features.Set<ITlsConnectionFeature>(this);
            Features.Set<ITlsApplicationProtocolFeature>(this);
            Features.Set<ITlsHandshakeFeature>(this);
        }
    }

    public Task Ended => ended.Task;

    public override string ConnectionId { get; set; }

    public override IFeatureCollection Features { get; } = new FeatureCollection();

    public override IDictionary<object, object?> Items { get; set; }

    public override IDuplexPipe Transport { get; set; }

    public X509Certificate2? ClientCertificate { get; set; }

    public ReadOnlyMemory<byte> ApplicationProtocol { get; }

    public SslProtocols Protocol { get; }

    [Obsolete("Asked for by the interface.")]
    public CipherAlgorithmType CipherAlgorithm => CipherAlgorithmType.None;

    [Obsolete("Asked for by the interface.")]
    public int CipherStrength => 0;

    [Obsolete("Asked for by the interface.")]
    public HashAlgorithmType HashAlgorithm => HashAlgorithmType.None;

    [Obsolete("Asked for by the interface.")]
    public int HashStrength => 0;

    [Obsolete("Asked for by the interface.")]
    public ExchangeAlgorithmType KeyExchangeAlgorithm => ExchangeAlgorithmType.None;

    [Obsolete("Asked for by the interface.")]
    public int KeyExchangeStrength => 0;

    public Task<X509Certificate2?> GetClientCertificateAsync(CancellationToken cancellationToken) => Task.FromResult<X509Certificate2?>(null);

    public override void Abort(ConnectionAbortedException abortReason) => connection.End();

    public override async ValueTask DisposeAsync()
    {
        await Transport.Input.CompleteAsync();
        await Transport.Output.CompleteAsync();
        await base.DisposeAsync();
        ended.TrySetResult();
    }

    private sealed record Pipes(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
