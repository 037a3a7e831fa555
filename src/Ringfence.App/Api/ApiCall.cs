using System.Globalization;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Ringfence.Access;
using Ringfence.Runs;

namespace Ringfence.App.Api;

/// <summary>One request, as handlers see it: who calls, what was asked, and how to answer. What is wrong with the query is collected, to be told at once.</summary>
internal sealed class ApiCall(HttpContext http, ApiOperation operation)
{
    private readonly List<Failure> failures = [];

    public HttpContext Http => http;

    public ApiKey Key => http.Caller();

    /// <summary>The caller as records name them.</summary>
    public string Principal => Key.Principal;

    public IReadOnlyList<Failure> Failures => failures;

    /// <summary>A part of the path. Empty when it holds what no name can, so that nothing is found by it.</summary>
    public string Route(string name) => http.Request.RouteValues[name] is string { Length: <= 200 } text && !text.Any(char.IsControl) ? text : "";

    public int Number(QueryParameter parameter)
    {
        var text = http.Request.Query[parameter.Name].ToString();

        if (text.Length == 0)
        {
            return parameter.Default;
        }

        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= parameter.Least && number <= parameter.Most)
        {
            return number;
        }

        failures.Add(new Failure("bad_parameter", $"{parameter.Name}: a whole number from {parameter.Least} to {parameter.Most}."));
        return parameter.Default;
    }

    /// <summary>Null when it is not given.</summary>
    public string? Text(QueryParameter parameter)
    {
        var text = http.Request.Query[parameter.Name].ToString();

        if (text.Length == 0)
        {
            return parameter.Choices.Count > 0 ? parameter.Choices[0] : null;
        }

        if (text.Length > parameter.Longest || text.Any(char.IsControl) || BodyCheck.HasLoneSurrogate(text))
        {
            failures.Add(new Failure("bad_parameter", $"{parameter.Name}: at most {parameter.Longest} characters, none of them a control character."));
            return null;
        }

        if (parameter.Choices.Count > 0 && !parameter.Choices.Contains(text))
        {
            failures.Add(new Failure("bad_parameter", $"{parameter.Name}: one of {string.Join(", ", parameter.Choices)}."));
            return null;
        }

        return text;
    }

    /// <summary>A time in ISO 8601, in microseconds UTC.</summary>
    public long? Time(QueryParameter parameter)
    {
        if (Text(parameter) is not { } text)
        {
            return null;
        }

        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) && time >= DateTimeOffset.UnixEpoch)
        {
            return (time - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
        }

        failures.Add(new Failure("bad_parameter", $"{parameter.Name}: a time such as 2026-01-31T12:00:00Z."));
        return null;
    }

    /// <summary>Comma separated words.</summary>
    public static string[] Words(string? text) => (text ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>Answers about the run that the path names, or that there is none.</summary>
    public async Task<IResult> WithRunAsync(RunStore runs, Func<Run, Task<IResult>> use, CancellationToken cancellationToken) =>
        RunId.IsValid(Route("id")) && (await runs.FindAsync(Route("id"), cancellationToken)).Succeeded(out var run)
            ? await use(run)
            : Refuse([new Failure("unknown_run", "There is no such run.")]);

    public void Fail(string message) => failures.Add(new Failure("bad_parameter", message));

    /// <summary>The body by its contract and within its ranges, or everything that is wrong with it.</summary>
    public Task<Result<T>> BodyAsync<T>(CancellationToken cancellationToken)
        where T : class => RequestBodyReader.ReadAsync(http, (JsonTypeInfo<T>)operation.Body!, cancellationToken);

    public IResult Ok<T>(T value) => Results.Json(value, (JsonTypeInfo<T>)operation.Answer!, statusCode: operation.Status);

    public IResult Ok<T>(T value, int status) => Results.Json(value, (JsonTypeInfo<T>)operation.Answer!, statusCode: status);

    public IResult Refuse(int status, params IReadOnlyList<Failure> why) => Problem.Of(http, status, why);

    /// <summary>Refuses with the status that the failure's code stands for.</summary>
    public IResult Refuse(IReadOnlyList<Failure> why) => Problem.Of(http, Problem.StatusOf(why[0]), why);

    public IResult BadRequest() => Problem.Of(http, StatusCodes.Status400BadRequest, failures);
}
