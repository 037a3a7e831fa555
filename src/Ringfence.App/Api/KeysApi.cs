using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http;
using Ringfence.Access;
using Ringfence.Client;

namespace Ringfence.App.Api;

/// <summary><c>/v1/keys</c>: who may call.</summary>
internal sealed class KeysApi(ApiKeyStore keys)
{
    public void Map(ApiSurface api)
    {
        api.Map(new("GET", "/v1/keys", Role.Admin, "Lists the keys, without their secrets.") { Answer = ApiJson.Default.IReadOnlyListKeyInfo }, ListAsync);
        api.Map(new("POST", "/v1/keys", Role.Admin, "Makes a key. Its secret is in this answer and nowhere else.") { Body = ApiJson.Default.CreateKeyBody, Answer = ApiJson.Default.KeyInfo, Status = 201 }, CreateAsync);
        api.Map(new("DELETE", "/v1/keys/{id}", Role.Admin, "Revokes a key.") { Status = 204 }, RevokeAsync);
    }

    private async Task<IResult> ListAsync(ApiCall call, CancellationToken cancellationToken) =>
        call.Ok<IReadOnlyList<KeyInfo>>([.. (await keys.ListAsync(cancellationToken)).Select(key => KeyResource.Of(key))]);

    private async Task<IResult> CreateAsync(ApiCall call, CancellationToken cancellationToken)
    {
        if (!(await call.BodyAsync<CreateKeyBody>(cancellationToken)).Succeeded(out var body, out var why))
        {
            return call.Refuse(why);
        }

        var (key, secret) = await keys.CreateAsync(body.Name!, Enum.Parse<Role>(body.Role!, ignoreCase: true), cancellationToken);
        return call.Ok(KeyResource.Of(key, secret));
    }

    private async Task<IResult> RevokeAsync(ApiCall call, CancellationToken cancellationToken) =>
        await keys.TryRevokeAsync(call.Route("id"), cancellationToken)
            ? Results.NoContent()
            : call.Refuse([new Failure("unknown_key", "There is no such key, or it is revoked.")]);
}

internal sealed record CreateKeyBody
{
    [Required, StringLength(64, MinimumLength = 1), RegularExpression("^[A-Za-z0-9_.@-]+$", ErrorMessage = "letters, digits, and - _ . @")]
    public string? Name { get; init; }

    [Required, AllowedValues("viewer", "runner", "approver", "admin")]
    public string? Role { get; init; }
}

/// <summary>A key as the API and the command show it.</summary>
internal static class KeyResource
{
    public static KeyInfo Of(ApiKey key, string? secret = null) =>
        new(key.Id, key.Name, key.Role.ToString().ToLowerInvariant(), key.CreatedAt, key.RevokedAt, secret);
}
