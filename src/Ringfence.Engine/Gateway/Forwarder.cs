using Microsoft.AspNetCore.Http;

namespace Ringfence.Gateway;

/// <summary>Moves bytes between caller and provider. Streamed or not is one path: what arrives is passed on at once, and read in passing.</summary>
internal sealed class Forwarder(GatewayOptions options, UpstreamPool upstreams, TimeProvider time)
{
    /// <summary>Forwards a call that costs nothing.</summary>
    public async Task PassAsync(HttpContext http, IModelWire wire, ReadOnlyMemory<byte> body, CancellationToken cancellationToken) =>
        await AnswerAsync(http, wire, await ForwardAsync(http, wire, null, body, null, cancellationToken), cancellationToken);

    /// <summary>Answers in the provider's place when it gave no answer.</summary>
    public static Task AnswerAsync(HttpContext http, IModelWire wire, Ending ending, CancellationToken cancellationToken) =>
        ending.Answer is { } refusal ? refusal.AnswerAsync(http, wire, cancellationToken) : Task.CompletedTask;

    public async Task<Ending> ForwardAsync(
        HttpContext http, IModelWire wire, CallFacts? facts, ReadOnlyMemory<byte> body, CassetteRecorder? cassette, CancellationToken cancellationToken)
    {
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        silence.CancelAfter(options.UpstreamSilence);
        HttpResponseMessage response;

        try
        {
            // The path was matched against the known ones, so nothing in it climbs; a key in the query is the caller's token.
            var path = http.Request.Path.Value + QueryWithoutKey(http.Request.QueryString.Value ?? "");
            response = await upstreams.SendAsync(wire.Wire, path, target => Request(http.Request, target, body, cassette is not null), silence.Token);
        }
        catch (HttpRequestException exception)
        {
            var unreached = UpstreamPool.IsBeforeConnection(exception);
            var why = exception.GetBaseException().Message;
            var failure = unreached
                ? new Failure("upstream_unreachable", $"The provider could not be reached: {why}")
                : new Failure("upstream_broke", $"The provider broke off before it answered: {why}");
            return new Ending { MayBeCharged = !unreached, Error = failure, Answer = new Refusal(502, failure.Code, failure.Message, RetryAfter: 2) };
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            var failure = new Failure("upstream_silent", $"The provider said nothing for {Duration.Show(options.UpstreamSilence)}.");
            return new Ending { MayBeCharged = true, Error = failure, Answer = new Refusal(504, failure.Code, failure.Message) };
        }
        catch (OperationCanceledException)
        {
            // The caller went away, or was cut off, while the provider may already have been at work.
            return new Ending { MayBeCharged = true, Error = new Failure("cut", "The caller was gone before the provider answered.") };
        }

        using (response)
        {
            var relay = new ResponseRelay(http, wire, facts, response, options.UpstreamSilence, cassette is not null, time);
            var ending = await relay.RunAsync(silence, cancellationToken);

            if (cassette is not null && relay.Kept is { } kept && ending.IsComplete)
            {
                await cassette.AddAsync(http.Request.Path + http.Request.QueryString.Value, body, ending.Status, response.Content.Headers.ContentType?.ToString(), kept, cancellationToken);
            }

            return ending;
        }
    }

    private static HttpRequestMessage Request(HttpRequest from, Uri target, ReadOnlyMemory<byte> body, bool plain)
    {
        var to = new HttpRequestMessage(HttpMethod.Parse(from.Method), target);

        if (body.Length > 0 || from.ContentLength is not null)
        {
            to.Content = new ReadOnlyMemoryContent(body);
        }

        Headers.CopyTo(from.Headers, to);

        if (plain)
        {
            // What is written down is to be read by people.
            to.Headers.Remove("accept-encoding");
        }

        return to;
    }

    private static string QueryWithoutKey(string query)
    {
        if (!query.Contains("key=", StringComparison.OrdinalIgnoreCase))
        {
            return query;
        }

        var kept = query.TrimStart('?').Split('&').Where(pair => !pair.StartsWith("key=", StringComparison.OrdinalIgnoreCase)).ToArray();
        return kept.Length > 0 ? "?" + string.Join('&', kept) : "";
    }
}
