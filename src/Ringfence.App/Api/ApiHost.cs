using System.Net.Security;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Ringfence.Access;
using Ringfence.App.Cli;
using Ringfence.Runs;

namespace Ringfence.App.Api;

/// <summary>The HTTP side of <c>ringfence serve</c>.</summary>
internal static class ApiHost
{
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="draining">Says that this process takes no more runs up: it is not ready any more.</param>
    public static WebApplication Build(ServeSettings settings, Home home, RunQueue queue, ILoggerFactory logs, CancellationToken draining)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddSingleton(logs);
        builder.Services.AddSingleton<IHostLifetime, CallersLifetime>();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = settings.MostBodyBytes;
            kestrel.Limits.MaxRequestHeadersTotalSize = 32 << 10;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(15);
            kestrel.Listen(settings.Listen, listen =>
            {
                if (settings.Certificate is { } certificate)
                {
                    listen.UseHttps(new TlsHandshakeCallbackOptions
                    {
                        OnConnection = _ => ValueTask.FromResult(new SslServerAuthenticationOptions { ServerCertificateContext = certificate.Current }),
                    });
                }
            });
        });

        var app = builder.Build();
        var keys = new ApiKeyStore(home.Database, TimeProvider.System);
        var limits = new RateLimits(settings.RequestsPerMinute);
        var metrics = new ServeMetrics(queue, home.Runs);
        app.Lifetime.ApplicationStopped.Register(limits.Dispose);

        // Without a trusted proxy nobody's word counts on where a request comes from.
        if (settings.TrustedProxies.Count > 0)
        {
            var forwarded = new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto, ForwardLimit = null };
            forwarded.KnownProxies.Clear();
            forwarded.KnownIPNetworks.Clear();

            foreach (var network in settings.TrustedProxies)
            {
                forwarded.KnownIPNetworks.Add(network);
            }

            app.UseForwardedHeaders(forwarded);
        }

        metrics.Use(app);

        // A bug is told as a bug: no stack, no content, an id to find it by in the log.
        app.UseExceptionHandler(failed => failed.Run(http => Problem.Of(
            http, StatusCodes.Status500InternalServerError,
            new Failure("internal", "Ringfence made a mistake.", $"The log has it under {http.TraceIdentifier}.")).ExecuteAsync(http)));
        app.UseStatusCodePages(context => Problem.Of(context.HttpContext, context.HttpContext.Response.StatusCode, Empty(context.HttpContext.Response.StatusCode)).ExecuteAsync(context.HttpContext));
        app.Use((http, next) =>
        {
            // Answers are data, whatever texts are in them.
            http.Response.Headers.XContentTypeOptions = "nosniff";
            http.Response.Headers.ContentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'";
            return next(http);
        });
        limits.UseForStrangers(app);
        app.UseApiKeys(keys, limits);
        limits.UseForCallers(app);

        app.MapGet("/healthz", () => Results.Text("ok"));
        app.MapGet("/readyz", () => queue.IsReady && !draining.IsCancellationRequested ? Results.Text("ready") : Results.Text("not ready", statusCode: StatusCodes.Status503ServiceUnavailable));
        Map(app, new ApiSurface(app), settings, home, queue, keys, metrics);
        return app;
    }

    private static void Map(WebApplication app, ApiSurface api, ServeSettings settings, Home home, RunQueue queue, ApiKeyStore keys, ServeMetrics metrics)
    {
        var repositories = new RepositoryRules(settings.RepositoryRoots, settings.CodeHost);
        var templates = new TemplatesApi(new TemplateStore(home.Database, TimeProvider.System));

        new RunStartApi(home, queue, repositories, templates).Map(api);
        new RunsApi(home, templates).Map(api);
        new RunRecordApi(home, metrics, app.Lifetime.ApplicationStopping).Map(api);
        templates.Map(api);
        new ApprovalsApi(home).Map(api);
        new BudgetsApi(home.Database).Map(api);
        new AuditApi(home.Database, repositories).Map(api);
        new WebhooksApi(home).Map(api);
        new WaiversApi(home.Database, repositories).Map(api);
        new TriggersApi(home).Map(api);
        new KeysApi(keys).Map(api);
        api.Map(new("GET", "/metrics", Role.Viewer, "Numbers for Prometheus.") { AnswerType = "text/plain" }, async (_, cancellationToken) => Results.Text(await metrics.WriteAsync(cancellationToken), "text/plain; version=0.0.4"));

        string? document = null;
        api.Map(new("GET", "/openapi/v1.json", Role.Viewer, "This description."), (_, _) => Task.FromResult(Results.Text(document ??= OpenApiDocument.Of(api.Operations).ToJsonString(Readable) + "\n", "application/json")));
    }

    /// <summary>
    /// Ends when its caller says so. The web framework's own would end every event stream at a SIGTERM, and those who follow a run would see no more of it
    /// while the server drains.
    /// </summary>
    private sealed class CallersLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    /// <summary>What routing refuses without a word of ours.</summary>
    private static Failure Empty(int status) => status switch
    {
        StatusCodes.Status404NotFound => new Failure("unknown_path", "There is nothing here.", "GET /openapi/v1.json describes what there is."),
        StatusCodes.Status405MethodNotAllowed => new Failure("bad_method", "This path does not take that method.", "Allow lists what it takes."),
        StatusCodes.Status413PayloadTooLarge => new Failure("body_too_large", "The body is larger than this server takes."),
        StatusCodes.Status415UnsupportedMediaType => new Failure("bad_content_type", "The body must be JSON.", "Send it with Content-Type: application/json"),
        _ => new Failure("bad_request", "The request cannot be answered."),
    };
}
