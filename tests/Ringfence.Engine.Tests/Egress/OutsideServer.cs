using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Ringfence.Tests.Egress;

/// <summary>A real web server outside the sandbox, on loopback addresses and the ports of the web, that remembers what it was asked.</summary>
internal sealed class OutsideServer : IAsyncDisposable
{
    private static int last;
    private readonly WebApplication app;

    private OutsideServer(WebApplication app, IPAddress address, X509Certificate2 root) => (this.app, Address, Root) = (app, address, root);

    public IPAddress Address { get; }

    /// <summary>Who signed its certificate.</summary>
    public X509Certificate2 Root { get; }

    public ConcurrentQueue<Seen> Requests { get; } = new();

    public sealed record Seen(string Method, string Host, string Target, string Protocol, IReadOnlyDictionary<string, string> Headers, string Body);

    /// <summary>Serves every name that ends in <c>.test</c>, on 80 and 443. Without handler it answers "hello from HOST".</summary>
    public static async Task<OutsideServer> StartAsync(RequestDelegate? handler = null)
    {
        // An address of its own per server: tests run side by side, in this process and others, and each wants the real ports.
        var (process, number) = (Environment.ProcessId, Interlocked.Increment(ref last));
        var address = new IPAddress([127, (byte)(1 + (process / 256 % 254)), (byte)process, (byte)(1 + (number % 254))]);
        var (root, leaf) = Certificates();

        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Listen(address, 80);
            kestrel.Listen(address, 443, listen =>
            {
                listen.Protocols = HttpProtocols.Http1AndHttp2;
                listen.UseHttps(leaf);
            });
        });

        var app = builder.Build();
        var server = new OutsideServer(app, address, root);
        app.UseWebSockets();
        app.Run(async context =>
        {
            context.Request.EnableBuffering();
            using var reader = new StreamReader(context.Request.Body, leaveOpen: true);
            var body = context.WebSockets.IsWebSocketRequest ? "" : await reader.ReadToEndAsync();
            var target = context.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestFeature>()!.RawTarget;
            server.Requests.Enqueue(new Seen(
                context.Request.Method, context.Request.Host.Value!, target, context.Request.Protocol, context.Request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase), body));

            if (handler is null)
            {
                await context.Response.WriteAsync($"hello from {context.Request.Host.Host}");
                return;
            }

            context.Request.Body.Position = 0;
            await handler(context);
        });
        await app.StartAsync();
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync(new CancellationToken(canceled: true));
        await app.DisposeAsync();
    }

    private static (X509Certificate2 Root, X509Certificate2 Leaf) Certificates()
    {
        var now = DateTimeOffset.UtcNow;
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var rootRequest = new CertificateRequest("CN=Outside test root", rootKey, HashAlgorithmName.SHA256);
        rootRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var root = rootRequest.CreateSelfSigned(now.AddHours(-1), now.AddDays(1));

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=outside", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("good.test");
        names.AddDnsName("*.good.test");
        names.AddDnsName("other.test");
        request.CertificateExtensions.Add(names.Build());
        using var bare = request.Create(root, now.AddHours(-1), now.AddHours(23), RandomNumberGenerator.GetBytes(8));
        using var withKey = bare.CopyWithPrivateKey(key);
        return (root, X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pfx), null));
    }
}
