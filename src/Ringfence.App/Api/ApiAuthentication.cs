using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Ringfence.Access;

namespace Ringfence.App.Api;

/// <summary>Bearer keys. Without one, nothing but the health checks answers.</summary>
internal static class ApiAuthentication
{
    private const string Item = "ringfence.key";

    /// <summary>Whether this process lives and can work; and links, which are signed and stand for a key of their own. Webhooks are signed too, and a forged one counts as a guess.</summary>
    private static readonly string[] Open = ["/healthz", "/readyz"];

    public static ApiKey Caller(this HttpContext http) => (ApiKey)http.Items[Item]!;

    public static ApiKey? TryCaller(this HttpContext http) => http.Items[Item] as ApiKey;

    public static void UseApiKeys(this WebApplication app, ApiKeyStore keys, RateLimits limits) => app.Use(async (http, next) =>
    {
        if (Open.Contains(http.Request.Path.Value) || http.Request.Path.StartsWithSegments("/v1/links"))
        {
            await next(http);
            return;
        }

        if (limits.Refuses(http))
        {
            await RateLimits.RefuseAsync(http, TimeSpan.FromSeconds(1));
            return;
        }

        if (http.Request.Path.StartsWithSegments("/v1/hooks"))
        {
            await next(http);
            return;
        }

        var header = http.Request.Headers.Authorization.ToString();

        if (header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)
            && await keys.AuthenticateAsync(header["Bearer ".Length..].Trim(), http.RequestAborted) is { } key)
        {
            http.Items[Item] = key;
            await next(http);
            return;
        }

        http.Response.Headers.WWWAuthenticate = "Bearer";
        await Problem.Of(http, StatusCodes.Status401Unauthorized, new Failure(
            "unauthorized", "This needs a valid API key.", "Send it as: Authorization: Bearer rf_live_…")).ExecuteAsync(http);
    });
}
