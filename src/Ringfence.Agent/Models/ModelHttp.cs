using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace Ringfence.Agent.Models;

/// <summary>The HTTP that all wires share: posts a body, reads events, tells failures apart.</summary>
internal sealed class ModelHttp(ModelEndpoint endpoint, TimeProvider time) : IDisposable
{
    private readonly HttpClient client = Create(endpoint);

    public ModelEndpoint Endpoint => endpoint;

    public void Dispose() => client.Dispose();

    public void AddBearer(HttpRequestMessage message)
    {
        message.Headers.TryAddWithoutValidation("user-agent", Program.UserAgent);

        if (endpoint.ApiKey is { } key)
        {
            message.Headers.TryAddWithoutValidation("authorization", "Bearer " + key);
        }
    }

    /// <summary>Posts <paramref name="body"/>; yields <see cref="ModelEvent.Opened"/> and then each event's data, or one failure.</summary>
    public async IAsyncEnumerable<(ModelEvent? Event, string? Data)> PostAsync(
        string path, ReadOnlyMemory<byte> body, Action<HttpRequestMessage> addHeaders, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var silence = new CancellationTokenSource(endpoint.Silence, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, silence.Token);
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(endpoint.BaseAddress, path)) { Content = new ReadOnlyMemoryContent(body) };
        request.Content.Headers.TryAddWithoutValidation("content-type", "application/json");
        addHeaders(request);

        foreach (var (name, value) in endpoint.ExtraHeaders)
        {
            request.Headers.Remove(name);
            request.Headers.TryAddWithoutValidation(name, value);
        }

        var (response, failure) = await SendAsync(request, silence.Token, either.Token, cancellationToken);

        if (response is null)
        {
            yield return (new ModelEvent.Failed(failure!), null);
            yield break;
        }

        using var owned = response;

        if (!response.IsSuccessStatusCode || response.Content.Headers.ContentType?.MediaType is "text/html")
        {
            yield return (new ModelEvent.Failed(await ReadFailureAsync(response, either.Token)), null);
            yield break;
        }

        yield return (new ModelEvent.Opened(RequestId(response)), null);
        await using var stream = await response.Content.ReadAsStreamAsync(either.Token);
        await using var events = SseReader.ReadAsync(stream, either.Token).GetAsyncEnumerator(either.Token);

        while (true)
        {
            string? data = null;
            ModelFailure? cut = null;

            try
            {
                silence.CancelAfter(endpoint.Silence);
                data = await events.MoveNextAsync() ? events.Current : null;
            }
            catch (Exception e) when (e is IOException or HttpRequestException or SocketException or OperationCanceledException)
            {
                cancellationToken.ThrowIfCancellationRequested();
                cut = new ModelFailure(null, "stream_cut", silence.IsCancellationRequested
                    ? $"The stream was silent for {endpoint.Silence.TotalSeconds:0.#} s." : $"The stream was cut: {e.Message}");
            }

            if (cut is not null)
            {
                yield return (new ModelEvent.Failed(cut), null);
                yield break;
            }

            if (data is null)
            {
                yield break;
            }

            yield return (null, data);
        }
    }

    private async Task<(HttpResponseMessage? Response, ModelFailure? Failure)> SendAsync(
        HttpRequestMessage request, CancellationToken silence, CancellationToken either, CancellationToken caller)
    {
        try
        {
            return (await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either), null);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or SocketException or OperationCanceledException)
        {
            caller.ThrowIfCancellationRequested();

            return (null, new ModelFailure(null, "connection_error", silence.IsCancellationRequested
                ? $"No answer from {endpoint.BaseAddress.GetLeftPart(UriPartial.Authority)} within {endpoint.Silence.TotalSeconds:0.#} s."
                : $"Unable to reach {endpoint.BaseAddress.GetLeftPart(UriPartial.Authority)}: {e.InnerException?.Message ?? e.Message}")
            {
                MayBeBilled = e is not HttpRequestException
                {
                    HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError or HttpRequestError.ProxyTunnelError,
                },
            });
        }
    }

    private async Task<ModelFailure> ReadFailureAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var text = "";

        try
        {
            text = await response.Content.ReadAsStringAsync(cancellationToken);
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            text = e.Message;
        }

        var error = Json.TryParseObject(text) is { } body ? body.Object("error") ?? body : null;
        var status = (int)response.StatusCode;

        return new ModelFailure(
            status,
            response.IsSuccessStatusCode ? "malformed_response" : error.Text("type") ?? error.Text("code") ?? TypeOf(status),
            error.Text("message") ?? (text.Length > 400 ? text[..400] + "…" : text.Length > 0 ? text : response.ReasonPhrase ?? "no message"),
            RetryAfter(response),
            response.IsSuccessStatusCode ? false : Header(response, "x-should-retry") switch { "true" => true, "false" => false, _ => null },
            RequestId(response));
    }

    private TimeSpan? RetryAfter(HttpResponseMessage response)
    {
        if (double.TryParse(Header(response, "retry-after-ms"), CultureInfo.InvariantCulture, out var milliseconds) && milliseconds >= 0)
        {
            return TimeSpan.FromMilliseconds(Math.Min(milliseconds, 3_600_000));
        }

        return response.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } => date > time.GetUtcNow() ? date - time.GetUtcNow() : TimeSpan.Zero,
            _ => null,
        };
    }

    private static string? RequestId(HttpResponseMessage response) => Header(response, "request-id") ?? Header(response, "x-request-id");

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;

    private static string TypeOf(int status) => status switch
    {
        400 => "invalid_request_error",
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        529 => "overloaded_error",
        _ => "api_error",
    };

    private static HttpClient Create(ModelEndpoint endpoint)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.None,
            ActivityHeadersPropagator = null,
            ConnectTimeout = TimeSpan.FromSeconds(30),
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(2),

            // Looking for a proxy costs start-up time, and a gateway on this machine is never behind one.
            UseProxy = !endpoint.BaseAddress.IsLoopback && endpoint.UnixSocket is null,
        };

        if (endpoint.UnixSocket is { } path)
        {
            handler.ConnectCallback = async (_, cancellationToken) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

                try
                {
                    await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            };
        }

        return new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }
}
