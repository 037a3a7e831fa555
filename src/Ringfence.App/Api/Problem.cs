using System.Text.Json;
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
            Instance = http.Request.Path,
            RequestId = http.TraceIdentifier,
            Code = failures[0].Code,
            Hint = failures[0].Hint,
            Errors = failures.Count > 1 ? failures : null,
        },
        ApiJson.Default.Problem, "application/problem+json", status);

    /// <summary>Reads a body by its contract, or tells what is wrong with it and where.</summary>
    public static async Task<Result<T>> ReadAsync<T>(
        HttpContext http, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> contract, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            return await JsonSerializer.DeserializeAsync(http.Request.Body, contract, cancellationToken) is { } body
                ? body
                : new Failure("bad_body", "The body is null.", "Send a JSON object.");
        }
        catch (JsonException malformed)
        {
            return new Failure("bad_body", $"The body is not what this endpoint takes: {malformed.Message}");
        }
        catch (BadHttpRequestException refused)
        {
            return new Failure("bad_body", refused.Message);
        }
    }
}
