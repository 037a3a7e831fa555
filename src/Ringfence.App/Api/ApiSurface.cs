using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Ringfence.App.Api;

/// <summary>All operations as they are routed. A handler is reached only by a key with the role, and with no parameter that it does not know.</summary>
internal sealed class ApiSurface(IEndpointRouteBuilder routes)
{
    private readonly List<ApiOperation> operations = [];

    public IReadOnlyList<ApiOperation> Operations => operations;

    public void Map(ApiOperation operation, Func<ApiCall, CancellationToken, Task<IResult>> handle)
    {
        operations.Add(operation);
        var known = operation.Query.Select(parameter => parameter.Name).ToHashSet(StringComparer.Ordinal);

        routes.MapMethods(operation.Path, [operation.Method], async http =>
        {
            var call = new ApiCall(http, operation);
            var unknown = http.Request.Query.Keys.Where(name => !known.Contains(name)).Select(name => new Failure(
                "unknown_parameter", $"There is no parameter '{Printable.Escape(name.Length > 100 ? name[..100] : name)}' here.",
                known.Count > 0 ? $"Known are: {string.Join(", ", known)}." : null)).ToList();

            var result = operation.Role is { } needed && call.Key.Role < needed
                ? call.Refuse(StatusCodes.Status403Forbidden, new Failure(
                    "forbidden", $"This needs a key with the role {needed.ToString().ToLowerInvariant()}.", "An admin makes one: POST /v1/keys."))
                : unknown.Count > 0 ? call.Refuse(StatusCodes.Status400BadRequest, unknown)
                : await handle(call, http.RequestAborted);
            await result.ExecuteAsync(http);
        });
    }
}
