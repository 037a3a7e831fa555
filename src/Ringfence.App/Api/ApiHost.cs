using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Ringfence.Access;
using Ringfence.App.Cli;
using Ringfence.Runs;

namespace Ringfence.App.Api;

/// <summary>The HTTP side of <c>ringfence serve</c>.</summary>
internal static class ApiHost
{
    private const long LargestBody = 1 << 20;

    public static WebApplication Build(IPEndPoint listen, Home home, RunQueue queue, IReadOnlyList<string> repositoryRoots)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = LargestBody;
            kestrel.Limits.MaxRequestHeadersTotalSize = 32 << 10;
            kestrel.Listen(listen);
        });

        var app = builder.Build();
        var keys = new ApiKeyStore(home.Database, TimeProvider.System);

        // A bug is told as a bug: no stack, no content, an id to find it by in the log.
        app.UseExceptionHandler(failed => failed.Run(http => Problem.Of(
            http, StatusCodes.Status500InternalServerError,
            new Failure("internal", "Ringfence made a mistake.", $"The log has it under {http.TraceIdentifier}.")).ExecuteAsync(http)));
        app.UseApiKeys(keys);
        app.MapGet("/healthz", () => Results.Text("ok"));
        new RunsApi(home, queue, repositoryRoots).Map(app);
        new KeysApi(keys).Map(app);
        app.MapFallback(http => Problem.Of(
            http, StatusCodes.Status404NotFound, new Failure("unknown_path", "There is nothing here.")).ExecuteAsync(http));
        return app;
    }
}
