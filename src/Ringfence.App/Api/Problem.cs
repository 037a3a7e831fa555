using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace Ringfence.App.Api;

/// <summary>An error of the API, as RFC 9457 has it, with the code and hint of a <see cref="Failure"/> beside.</summary>
internal sealed record Problem
{
    public required string Type { get; init; }

    public required string Title { get; init; }

    public required int Status { get; init; }

    public required string Detail { get; init; }

    public required string Instance { get; init; }

    public required string RequestId { get; init; }

    public required string Code { get; init; }

    public string? Hint { get; init; }

    /// <summary>Every failure, when there are several.</summary>
    public IReadOnlyList<Failure>? Errors { get; init; }

    public static IResult Of(HttpContext http, int status, params IReadOnlyList<Failure> failures) => Results.Json(
        new Problem
        {
            Type = $"urn:ringfence:{failures[0].Code}",
            Title = ReasonPhrases.GetReasonPhrase(status),
            Status = status,
            Detail = failures[0].Message,
            Instance = Printable.Escape(http.Request.Path.ToString() is var path && path.Length > 300 ? path[..300] : http.Request.Path.ToString()),
            RequestId = http.TraceIdentifier,
            Code = failures[0].Code,
            Hint = failures[0].Hint,
            Errors = failures.Count > 1 ? failures : null,
        },
        ApiJson.Default.Problem, "application/problem+json", status);

    /// <summary>The status that says the same as a failure's code.</summary>
    public static int StatusOf(Failure failure) => failure.Code switch
    {
        "forbidden" or "not_an_approver" or "not_a_person" or "self_approval" or "not_asked" => StatusCodes.Status403Forbidden,
        "body_too_large" => StatusCodes.Status413PayloadTooLarge,
        "bad_content_type" => StatusCodes.Status415UnsupportedMediaType,
        "idempotency_key_reused" => StatusCodes.Status422UnprocessableEntity,
        "workspace_not_found" => StatusCodes.Status404NotFound,
        _ when failure.Code.StartsWith("unknown_", StringComparison.Ordinal) && failure.Code is not ("unknown_field" or "unknown_parameter" or "unknown_group" or "unknown_workflow") => StatusCodes.Status404NotFound,
        "approval_closed" or "approval_expired" or "already_answered" or "digest_differs" or "run_not_ended" or "run_already_ended" or "nothing_to_resume"
            or "budget_used_up" or "turns_used_up" or "slug_taken" or "webhook_exists" or "too_many_webhooks" or "not_frozen" => StatusCodes.Status409Conflict,
        _ => StatusCodes.Status400BadRequest,
    };
}
