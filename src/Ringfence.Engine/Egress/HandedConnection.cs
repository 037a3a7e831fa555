using System.IO.Pipelines;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Ringfence.Egress;

/// <summary>
/// A captured connection as the web server sees it: clear bytes, and whether they came out of TLS. Two pumps stand between the server and the
/// stream, because the server learns of a broken stream only from a pipe's end, not from an exception in it.
/// </summary>
internal sealed class HandedConnection : ConnectionContext, ITlsConnectionFeature, ITlsApplicationProtocolFeature, ITlsHandshakeFeature
{
    private readonly TaskCompletionSource disposed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Pipe fromClient = new(new PipeOptions(useSynchronizationContext: false));
    private readonly Pipe toClient = new(new PipeOptions(useSynchronizationContext: false));
    private readonly CapturedConnection connection;
    private readonly Stream stream;

    /// <param name="stream">The clear bytes. An SslStream makes the requests https, with the protocol that its handshake chose.</param>
    public HandedConnection(CapturedConnection connection, Stream stream, RequestForwarder forwarder)
    {
        this.connection = connection;
        this.stream = stream;
        ConnectionClosed = connection.Life;
        ConnectionId = forwarder.Id;
        Transport = new Pipes(fromClient.Reader, toClient.Writer);
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

    /// <summary>Moves bytes until the server is done with the connection and its last ones are sent.</summary>
    public async Task PumpAsync()
    {
        var fill = FillAsync();
        await DrainAsync();
        await disposed.Task;

        if (!connection.Life.IsCancellationRequested)
        {
            await connection.LingerAsync();
        }

        connection.End();
        await fill;
    }

    public override async ValueTask DisposeAsync()
    {
        await fromClient.Reader.CompleteAsync();
        await toClient.Writer.CompleteAsync();
        await base.DisposeAsync();
        disposed.TrySetResult();
    }

    private async Task FillAsync()
    {
        Exception? broken = null;

        try
        {
            while (await stream.ReadAsync(fromClient.Writer.GetMemory(4096), connection.Life) is var read and > 0)
            {
                connection.StillAlive();
                fromClient.Writer.Advance(read);

                if ((await fromClient.Writer.FlushAsync()).IsCompleted)
                {
                    break;
                }
            }
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            broken = new ConnectionResetException(e.Message, e);
            connection.End();
        }

        await fromClient.Writer.CompleteAsync(broken);
    }

    private async Task DrainAsync()
    {
        Exception? broken = null;

        try
        {
            while (await toClient.Reader.ReadAsync() is var result)
            {
                foreach (var part in result.Buffer)
                {
                    await stream.WriteAsync(part, connection.Life);
                }

                await stream.FlushAsync(connection.Life);
                toClient.Reader.AdvanceTo(result.Buffer.End);

                if (result.IsCompleted)
                {
                    await (stream is SslStream tls ? tls.ShutdownAsync() : Task.CompletedTask);
                    break;
                }
            }
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            broken = e;
            connection.End();
        }

        await toClient.Reader.CompleteAsync(broken);
    }

    private sealed record Pipes(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
