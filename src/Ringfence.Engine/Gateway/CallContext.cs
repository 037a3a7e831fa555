using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Ringfence.Gateway;

/// <summary>One HTTP request at the gateway, whoever sent it.</summary>
internal sealed class CallContext(IFeatureCollection features)
{
    public DefaultHttpContext Http { get; } = new(features);
}

/// <summary>Hands each request to one handler; no middleware, no service container.</summary>
internal sealed class GatewayApplication(Func<HttpContext, Task> handle) : IHttpApplication<CallContext>
{
    public CallContext CreateContext(IFeatureCollection contextFeatures) => new(contextFeatures);

    public Task ProcessRequestAsync(CallContext context) => handle(context.Http);

    public void DisposeContext(CallContext context, Exception? exception)
    {
    }
}
