using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Ringfence.Access;
using Ringfence.Egress;
using Ringfence.Runs;

namespace Ringfence.App.Api;

/// <summary><c>/v1/templates</c>: what runs of one kind have in common.</summary>
internal sealed class TemplatesApi(TemplateStore templates)
{
    public void Map(ApiSurface api)
    {
        api.Map(new("GET", "/v1/templates", Role.Viewer, "Lists the templates.") { Answer = ApiJson.Default.IReadOnlyListTemplateResource }, ListAsync);
        api.Map(new("POST", "/v1/templates", Role.Admin, "Makes a template.") { Body = ApiJson.Default.CreateTemplateBody, Answer = ApiJson.Default.TemplateResource, Status = 201 }, CreateAsync);
        api.Map(new("GET", "/v1/templates/{slug}", Role.Viewer, "Shows a template.") { Answer = ApiJson.Default.TemplateResource }, GetAsync);
        api.Map(new("PATCH", "/v1/templates/{slug}", Role.Admin, "Changes the fields that are given.") { Body = ApiJson.Default.ChangeTemplateBody, Answer = ApiJson.Default.TemplateResource }, ChangeAsync);
        api.Map(new("DELETE", "/v1/templates/{slug}", Role.Admin, "Removes a template. Runs that used it keep what they took from it.") { Status = 204 }, RemoveAsync);
    }

    public async Task<CreateTemplateBody?> FindAsync(string slug, CancellationToken cancellationToken) =>
        await templates.FindAsync(slug, cancellationToken) is { } found ? Read(found) : null;

    /// <summary>Ids by slug. A template that was removed has none.</summary>
    public async Task<IReadOnlyDictionary<string, string>> IdsAsync(CancellationToken cancellationToken) =>
        (await templates.ListAsync(cancellationToken)).ToDictionary(template => template.Slug, template => template.Id, StringComparer.Ordinal);

    private static CreateTemplateBody Read(RunTemplate template) => JsonSerializer.Deserialize(template.Body, ApiJson.Default.CreateTemplateBody)!;

    private static TemplateResource Show(RunTemplate template) => new(template.Id, template.CreatedAt, template.ChangedAt, Read(template));

    private async Task<IResult> ListAsync(ApiCall call, CancellationToken cancellationToken) =>
        call.Ok<IReadOnlyList<TemplateResource>>([.. (await templates.ListAsync(cancellationToken)).Select(Show)]);

    private async Task<IResult> GetAsync(ApiCall call, CancellationToken cancellationToken) =>
        await templates.FindAsync(call.Route("slug"), cancellationToken) is { } found ? call.Ok(Show(found)) : call.Refuse(Unknown);

    private async Task<IResult> CreateAsync(ApiCall call, CancellationToken cancellationToken)
    {
        if (!(await call.BodyAsync<CreateTemplateBody>(cancellationToken)).Succeeded(out var body, out var why) || !body.Allowed.Succeeded(out _, out why))
        {
            return call.Refuse(why);
        }

        return await templates.CreateAsync(body.Slug!, JsonSerializer.Serialize(body, ApiJson.Default.CreateTemplateBody), cancellationToken) is { } made
            ? call.Ok(Show(made))
            : call.Refuse([new Failure("slug_taken", $"There is a template {body.Slug} already.", "PATCH changes it.")]);
    }

    private async Task<IResult> ChangeAsync(ApiCall call, CancellationToken cancellationToken)
    {
        if (!(await call.BodyAsync<ChangeTemplateBody>(cancellationToken)).Succeeded(out var body, out var why))
        {
            return call.Refuse(why);
        }

        if (await templates.FindAsync(call.Route("slug"), cancellationToken) is not { } found)
        {
            return call.Refuse(Unknown);
        }

        var changed = body.Over(Read(found));
        return !changed.Allowed.Succeeded(out _, out why) ? call.Refuse(why)
            : await templates.ChangeAsync(changed.Slug!, JsonSerializer.Serialize(changed, ApiJson.Default.CreateTemplateBody), cancellationToken) is { } now ? call.Ok(Show(now))
            : call.Refuse(Unknown);
    }

    private async Task<IResult> RemoveAsync(ApiCall call, CancellationToken cancellationToken) =>
        await templates.RemoveAsync(call.Route("slug"), cancellationToken) ? Results.NoContent() : call.Refuse(Unknown);

    private static Failure[] Unknown => [new Failure("unknown_template", "There is no such template.", "GET /v1/templates lists them.")];
}

internal sealed record CreateTemplateBody
{
    public const string SlugForm = "^[a-z0-9][a-z0-9-]*[a-z0-9]$";

    [Required, StringLength(64, MinimumLength = 2), RegularExpression(SlugForm, ErrorMessage = "lower-case letters, digits and hyphens, none at either end.")]
    public string? Slug { get; init; }

    [Required, StringLength(200, MinimumLength = 1)]
    public string? Name { get; init; }

    [StringLength(2000)]
    public string? Description { get; init; }

    [Description("What runs find installed. host, the only one: the tools of the server's machine.")]
    [AllowedValues("host")]
    public string? BaseImage { get; init; }

    [Description("s: 1 CPU, 2 GB memory, 5 GB disk; m: 2, 4, 10; l: 4, 8, 20.")]
    [AllowedValues("s", "m", "l")]
    public string? Size { get; init; }

    [Variables]
    public IReadOnlyDictionary<string, string>? EnvVars { get; init; }

    public TemplateGuardrails? Guardrails { get; init; }

    [Description("Hosts that may be reached. Private ranges, addresses and localhost never are.")]
    [Texts(20, 300)]
    public IReadOnlyList<string>? EgressDomains { get; init; }

    /// <summary>Whether the hosts are such as may be allowed.</summary>
    internal Result<EgressRules> Allowed => EgressRules.Parse(new NetworkPolicy(EgressDomains ?? []));
}

internal sealed record ChangeTemplateBody
{
    [StringLength(200, MinimumLength = 1)]
    public string? Name { get; init; }

    [StringLength(2000)]
    public string? Description { get; init; }

    [AllowedValues("host")]
    public string? BaseImage { get; init; }

    [AllowedValues("s", "m", "l")]
    public string? Size { get; init; }

    [Variables]
    public IReadOnlyDictionary<string, string>? EnvVars { get; init; }

    public TemplateGuardrails? Guardrails { get; init; }

    [Texts(20, 300)]
    public IReadOnlyList<string>? EgressDomains { get; init; }

    public CreateTemplateBody Over(CreateTemplateBody old) => old with
    {
        Name = Name ?? old.Name,
        Description = Description ?? old.Description,
        BaseImage = BaseImage ?? old.BaseImage,
        Size = Size ?? old.Size,
        EnvVars = EnvVars ?? old.EnvVars,
        Guardrails = Guardrails ?? old.Guardrails,
        EgressDomains = EgressDomains ?? old.EgressDomains,
    };
}

internal sealed record TemplateGuardrails
{
    [Range(1, 1000)]
    public int? MaxTurns { get; init; }

    [Range(0.01, 1000.0)]
    public decimal? MaxCostUsd { get; init; }

    [Range(1, 60)]
    public int? TimeoutMinutes { get; init; }
}

internal sealed record TemplateResource(string Id, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt, CreateTemplateBody Template);
