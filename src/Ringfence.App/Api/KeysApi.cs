using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Ringfence.Access;

namespace Ringfence.App.Api;

/// <summary><c>/v1/keys</c>: who may call.</summary>
internal sealed class KeysApi(ApiKeyStore keys)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/v1/keys");
        group.MapGet("", ListAsync).Needs(Role.Admin);
        group.MapPost("", CreateAsync).Needs(Role.Admin);
        group.MapDelete("/{id}", RevokeAsync).Needs(Role.Admin);
    }

    private async Task<IResult> ListAsync(CancellationToken cancellationToken) => Results.Json(
        [.. (await keys.ListAsync(cancellationToken)).Select(key => KeyResource.Of(key))], ApiJson.Default.IReadOnlyListKeyResource);

    private async Task<IResult> CreateAsync(HttpContext http, CancellationToken cancellationToken)
    {
        if (!(await Problem.ReadAsync(http, ApiJson.Default.CreateKeyBody, cancellationToken)).Succeeded(out var body, out var why))
        {
            return Problem.Of(http, StatusCodes.Status400BadRequest, why);
        }

        var failures = new List<Failure>();

        if (body.Name is not { Length: >= 1 and <= 64 } name || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '@'))
        {
            failures.Add(new Failure("bad_field", "name: 1 to 64 letters, digits, and - _ . @"));
        }

        if (!Enum.TryParse<Role>(body.Role, ignoreCase: true, out var role) || body.Role is null || char.IsAsciiDigit(body.Role[0]))
        {
            failures.Add(new Failure("bad_field", "role: viewer, runner, approver or admin."));
        }

        if (failures.Count > 0)
        {
            return Problem.Of(http, StatusCodes.Status400BadRequest, failures);
        }

        var (key, secret) = await keys.CreateAsync(body.Name!, role, cancellationToken);
        return Results.Json(KeyResource.Of(key, secret), ApiJson.Default.KeyResource, statusCode: StatusCodes.Status201Created);
    }

    private async Task<IResult> RevokeAsync(HttpContext http, string id, CancellationToken cancellationToken) =>
        await keys.TryRevokeAsync(id, cancellationToken)
            ? Results.NoContent()
            : Problem.Of(http, StatusCodes.Status404NotFound, new Failure("unknown_key", "There is no such key, or it is revoked."));
}

internal sealed record CreateKeyBody(string? Name = null, string? Role = null);

/// <param name="Key">The secret, in the one answer that creates it.</param>
internal sealed record KeyResource(string Id, string Name, string Role, DateTimeOffset CreatedAt, DateTimeOffset? RevokedAt, string? Key)
{
    public static KeyResource Of(ApiKey key, string? secret = null) =>
        new(key.Id, key.Name, key.Role.ToString().ToLowerInvariant(), key.CreatedAt, key.RevokedAt, secret);
}
