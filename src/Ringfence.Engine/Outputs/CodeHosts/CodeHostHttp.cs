using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ringfence.Outputs.CodeHosts;

/// <summary>
/// Asks a code host, and asks again when it is worth it: after 5xx and broken connections with a growing pause, after a rate limit when the host says. A
/// question that could have had an effect is not repeated blindly: who asks looks first.
/// </summary>
internal sealed class CodeHostHttp(CodeHost host, string token, TimeProvider time) : IDisposable
{
    private const int MostTries = 5;

    /// <summary>A host that wants longer gets its time: the run goes back to the queue, if it has one.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(60);

    private readonly HttpClient client = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) })
    {
        Timeout = TimeSpan.FromSeconds(30),
        MaxResponseContentBufferSize = 8 << 20,
    };

    /// <summary>An answer of 2xx or 4xx; anything else has become a failure.</summary>
    public async Task<Result<CodeHostAnswer>> AskAsync(HttpMethod method, string path, JsonObject? body, CancellationToken cancellationToken)
    {
        var last = "";

        for (var attempt = 1; attempt <= MostTries; attempt++)
        {
            var pause = TimeSpan.FromMilliseconds(100 * Math.Pow(2, attempt));

            try
            {
                using var request = Request(method, path, body);
                using var response = await client.SendAsync(request, cancellationToken);
                var text = await response.Content.ReadAsStringAsync(cancellationToken);

                if (Limited(response) is { } wait)
                {
                    last = $"it limits how often it is asked ({(int)response.StatusCode})";
                    pause = wait > pause ? wait : pause;

                    if (pause > LongestWait)
                    {
                        break;
                    }
                }
                else if ((int)response.StatusCode >= 500)
                {
                    last = $"it answered {(int)response.StatusCode}";
                }
                else
                {
                    return Refusal(response.StatusCode) is { } refused ? refused : new CodeHostAnswer((int)response.StatusCode, Parse(text));
                }
            }
            catch (Exception broken) when (broken is HttpRequestException or IOException || (broken is TaskCanceledException && !cancellationToken.IsCancellationRequested))
            {
                last = broken.Message;
            }

            // Whether it took effect is not known, so the one who asked must look.
            if (method != HttpMethod.Get)
            {
                await Task.Delay(pause, time, cancellationToken);
                return new CodeHostAnswer(CodeHostAnswer.Unknown, null) { Why = last };
            }

            await Task.Delay(pause, time, cancellationToken);
        }

        return Unavailable(last);
    }

    public Failure Unavailable(string? why) => new("code_host_unavailable", $"{host.Host} does not answer as it should: {Printable.Escape(why ?? "no reason")}", "The change is kept; `ringfence resume RUN` tries again.");

    /// <summary>A refusal in the host's own words.</summary>
    public Failure Refused(string what, CodeHostAnswer answer) => new(
        "code_host_refused", $"{host.Host} refuses {what}: {answer.Status} {Printable.Escape(answer.Message)}", "The change is kept: `ringfence diff RUN`.");

    public void Dispose() => client.Dispose();

    private HttpRequestMessage Request(HttpMethod method, string path, JsonObject? body)
    {
        var request = new HttpRequestMessage(method, host.Api.ToString().TrimEnd('/') + path);
        request.Headers.UserAgent.ParseAdd("ringfence");

        if (host.Kind is CodeHostKind.GitLab)
        {
            request.Headers.Add("PRIVATE-TOKEN", token);
        }
        else
        {
            request.Headers.Add("Authorization", $"{(host.Kind is CodeHostKind.GitHub ? "Bearer" : "token")} {token}");
        }

        if (host.Kind is CodeHostKind.GitHub)
        {
            request.Headers.Add("Accept", "application/vnd.github+json");
            request.Headers.Add("X-GitHub-Api-Version", "2022-11-28");
        }

        request.Content = body is null ? null : new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        return request;
    }

    /// <summary>How long the host wants to be left alone; null when it does not say that it is asked too often.</summary>
    private TimeSpan? Limited(HttpResponseMessage response)
    {
        var isEmpty = response.Headers.TryGetValues("x-ratelimit-remaining", out var left) && left.FirstOrDefault() == "0";

        if (response.StatusCode is not HttpStatusCode.TooManyRequests && !(response.StatusCode is HttpStatusCode.Forbidden && (isEmpty || response.Headers.RetryAfter is not null)))
        {
            return null;
        }

        return response.Headers.RetryAfter?.Delta
            ?? (response.Headers.TryGetValues("x-ratelimit-reset", out var reset) && long.TryParse(reset.FirstOrDefault(), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
                ? DateTimeOffset.FromUnixTimeSeconds(seconds) - time.GetUtcNow() : TimeSpan.FromSeconds(1));
    }

    private Failure? Refusal(HttpStatusCode status) => status switch
    {
        HttpStatusCode.Unauthorized => new("code_host_denied", $"{host.Host} does not take the token in {host.Token}.", "Is it right, and not expired?"),
        HttpStatusCode.Forbidden => new("code_host_denied", $"The token in {host.Token} may not do this at {host.Host}.", "It needs to write contents and pull requests of this repository."),
        >= HttpStatusCode.MultipleChoices and < HttpStatusCode.BadRequest => new("code_host_denied", $"{host.Host} answers with a redirect, which is not followed with a token.", "Say its own address in policy.yaml: code_hosts."),
        _ => null,
    };

    private static JsonNode? Parse(string text)
    {
        try
        {
            return text.Length == 0 ? null : JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <param name="Status">Of HTTP; <see cref="Unknown"/> when no answer came to a question that may have had its effect.</param>
internal sealed record CodeHostAnswer(int Status, JsonNode? Json)
{
    public const int Unknown = 0;

    public string? Why { get; init; }

    public bool IsSuccess => Status is >= 200 and < 300;

    /// <summary>What it says is wrong, for people.</summary>
    public string Message
    {
        get
        {
            var text = Json is JsonObject body ? (body["errors"] is JsonArray { Count: > 0 } errors ? errors.ToJsonString() : body["message"]?.ToJsonString() ?? body["error"]?.ToJsonString()) ?? "" : "";
            return text.Length <= 300 ? text : text[..300] + "…";
        }
    }

    public string? Text(string name) => Json is JsonObject body && body[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    public IEnumerable<JsonNode> Items => Json is JsonArray list ? list.OfType<JsonNode>() : [];
}
