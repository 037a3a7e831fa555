using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;

namespace Ringfence.App.Api;

/// <summary>Reads a body by its contract, or tells what is wrong with it and where, in words that show nothing of our insides.</summary>
internal static partial class RequestBodyReader
{
    [GeneratedRegex("JSON property '([^']{0,100})' could not be mapped")]
    private static partial Regex Unmapped { get; }

    [GeneratedRegex("Duplicate property '([^']{0,100})'")]
    private static partial Regex Duplicate { get; }

    public static async Task<Result<T>> ReadAsync<T>(HttpContext http, JsonTypeInfo<T> contract, CancellationToken cancellationToken)
        where T : class
    {
        if (!http.Request.HasJsonContentType())
        {
            return new Failure("bad_content_type", "The body must be JSON.", "Send it with Content-Type: application/json");
        }

        try
        {
            if (await JsonSerializer.DeserializeAsync(http.Request.Body, contract, cancellationToken) is not { } body)
            {
                return new Failure("bad_body", "The body is null.", "Send a JSON object.");
            }

            var failures = BodyCheck.Failures(body);
            return failures.Count > 0 ? Result.Fail<T>(failures) : body;
        }
        catch (JsonException malformed)
        {
            return Explain(malformed);
        }
        catch (BadHttpRequestException refused)
        {
            return refused.StatusCode == StatusCodes.Status413PayloadTooLarge
                ? new Failure("body_too_large", "The body is larger than this server takes.", "A prompt has at most 50,000 characters.")
                : new Failure("bad_body", "The body cannot be read.");
        }
    }

    private static Failure Explain(JsonException malformed)
    {
        var where = malformed.Path is { Length: > 1 } path ? $" at {Printable.Escape(path.Length > 200 ? path[..200] : path)}" : "";

        return
            Unmapped.Match(malformed.Message) is { Success: true } unknown ? new Failure("unknown_field", $"There is no field '{Printable.Escape(unknown.Groups[1].Value)}'.", "GET /openapi/v1.json lists the fields.")
            : Duplicate.Match(malformed.Message) is { Success: true } twice ? new Failure("bad_body", $"The field '{Printable.Escape(twice.Groups[1].Value)}' is there twice.")
            : malformed.BytePositionInLine is { } at && malformed.InnerException is not InvalidOperationException and not FormatException
                ? new Failure("bad_body", $"The body is not what this endpoint takes{where} (line {malformed.LineNumber + 1}, byte {at}).", "GET /openapi/v1.json describes it.")
                : new Failure("bad_body", $"The body is not what this endpoint takes{where}.", "GET /openapi/v1.json describes it.");
    }
}
