using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Ringfence.Access;

namespace Ringfence.App.Api;

/// <summary>Bearer keys. Without one, nothing but <c>/healthz</c> answers; a role that is too small is told which one is needed.</summary>
internal static class ApiAuthentication
{
    private const string Item = "ringfence.key";

    public static ApiKey Caller(this HttpContext http) => (ApiKey)http.Items[Item]!;

    public static void UseApiKeys(this WebApplication app, ApiKeyStore keys) => app.Use(async (http, next) =>
    {
        if (http.Request.Path == "/healthz")
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

    public static TBuilder Needs<TBuilder>(this TBuilder builder, Role role)
        where TBuilder : IEndpointConventionBuilder =>
        builder.AddEndpointFilter(async (context, next) => context.HttpContext.Caller().Role >= role
            ? await next(context)
            : Problem.Of(context.HttpContext, StatusCodes.Status403Forbidden, new Failure(
                "forbidden", $"This needs a key with the role {role.ToString().ToLowerInvariant()}.", "An admin makes one: POST /v1/keys.")));
}
