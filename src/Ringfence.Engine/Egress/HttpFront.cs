using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using System.Net;
using System.Text;

namespace Ringfence.Egress;

/// <summary>
/// The web server that reads HTTP out of captured connections. One per process: it listens nowhere, is handed its connections one by one, and asks
/// each connection's own forwarder what to do. Requests are parsed here and written anew upstream, so no client can smuggle bytes past a check.
/// </summary>
internal sealed class HttpFront
{
    private static readonly Lazy<Task<HttpFront>> Shared = new(StartAsync);
    private readonly HandedTransport transport;

    private HttpFront(HandedTransport transport) => this.transport = transport;

    public static Task<HttpFront> GetAsync() => Shared.Value;

    /// <summary>Serves a connection until either side has ended it.</summary>
    public async Task ServeAsync(HandedConnection connection)
    {
        await transport.HandAsync(connection);
        await connection.PumpAsync();
    }

    private static async Task<HttpFront> StartAsync()
    {
        var transport = new HandedTransport();
        var options = new KestrelServerOptions
        {
            AddServerHeader = false,
            AllowSynchronousIO = false,
            AllowResponseHeaderCompression = false,
            ApplicationServices = new ServiceCollection().AddLogging().BuildServiceProvider(),
            RequestHeaderEncodingSelector = _ => Encoding.Latin1,
            ResponseHeaderEncodingSelector = _ => Encoding.Latin1,
        };

        // Bytes, time and connections are limited at the connection itself, for every protocol alike.
        options.Limits.MaxRequestBodySize = null;
        options.Limits.MinRequestBodyDataRate = null;
        options.Limits.MinResponseDataRate = null;
        options.Limits.MaxRequestBufferSize = 256 * 1024;
        options.Limits.MaxResponseBufferSize = 256 * 1024;
        options.Limits.MaxRequestHeadersTotalSize = 64 * 1024;
        options.Limits.MaxRequestLineSize = 32 * 1024;
        options.Limits.KeepAliveTimeout = TimeSpan.FromHours(1);
        options.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(20);
        options.Listen(new IPEndPoint(IPAddress.Loopback, 0), listen => listen.Protocols = HttpProtocols.Http1AndHttp2);

        var server = new KestrelServer(Options.Create(options), transport, new RefusedRequestLog());
        await server.StartAsync(new Application(), CancellationToken.None);
        return new HttpFront(transport);
    }

    private sealed class Application : IHttpApplication<HttpContext>
    {
        public HttpContext CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

        public Task ProcessRequestAsync(HttpContext context) => context.Features.GetRequiredFeature<RequestForwarder>().ForwardAsync(context);

        public void DisposeContext(HttpContext context, Exception? exception)
        {
        }
    }
}
