using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Ringfence.Audit;
using Ringfence.Secrets;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Authentication;

namespace Ringfence.Egress;

/// <summary>
/// Judges each request on one opened connection and sends it on, written anew, to the addresses that were checked when the connection was opened.
/// </summary>
internal sealed class RequestForwarder(
    CapturedConnection connection, EgressDoorOptions options, bool overTls, HttpMessageInvoker upstream, IRecorder recorder)
{
    private readonly SecretInjection injection = new(options.Secrets);
    private readonly HashSet<string> reported = [];

    // Secrets could come back only from a host that was sent them.
    private readonly SecretRedactor redactor = overTls && options.Secrets.GoTo(connection.Host, connection.Port) ? options.Secrets.Redactor : SecretRedactor.None;

    /// <summary>Names this connection to the web server's log.</summary>
    public string Id { get; } = Guid.CreateVersion7().ToString("N");

    public async Task ForwardAsync(HttpContext context)
    {
        connection.StillAlive();
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;

        if (Judge(context, target) is var (status, decision))
        {
            connection.RecordRequest(decision, $"{context.Request.Method} {Printable.Escape(target)}");
            await RefuseAsync(context, status, decision);
            return;
        }

        using var request = Rewrite(context, target);

        try
        {
            using var response = await upstream.SendAsync(request, context.RequestAborted);
            connection.StillAlive();
            await ResponseRelay.SendAsync(context, response, redactor, found => ReportLeak(found, "response"), context.RequestAborted);
        }
        catch (HttpRequestException e) when (!context.Response.HasStarted)
        {
            var reason = e.InnerException is AuthenticationException ? EgressReasons.UpstreamCertificate : EgressReasons.NotConnected;
            decision = EgressDecision.Deny(reason, options.Rules.Decide(connection.Host, connection.Port).Rule);
            connection.RecordRequest(decision, $"{context.Request.Method} {Printable.Escape(target)}");
            await RefuseAsync(context, StatusCodes.Status502BadGateway, decision);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            context.Abort();
        }
    }

    private (int Status, EgressDecision Decision)? Judge(HttpContext context, string target)
    {
        var request = context.Request;
        var rule = options.Rules.Decide(connection.Host, connection.Port).Rule;
        var defaultPort = overTls ? 443 : 80;

        // TRACE echoes headers, with what we put into them. CONNECT would make the server a proxy. Neither ends at the host that was allowed.
        if (HttpMethods.IsTrace(request.Method) || HttpMethods.IsConnect(request.Method))
        {
            return (StatusCodes.Status405MethodNotAllowed, EgressDecision.Deny(EgressReasons.MethodNotAllowed, rule));
        }

        // 421 tells an HTTP/2 client that merged two hosts on one connection to open another one (RFC 9110, 15.5.20).
        if (!HostName.TryParse(request.Host.Host, out var host) || host != connection.Host || (request.Host.Port ?? defaultPort) != connection.Port)
        {
            return (StatusCodes.Status421MisdirectedRequest, EgressDecision.Deny(EgressReasons.HostMismatch, rule));
        }

        // A proxy's absolute form names the host a second time; a fragment is never sent. "*" asks about the server itself.
        if ((!target.StartsWith('/') && !(target == "*" && HttpMethods.IsOptions(request.Method))) || target.Contains('#', StringComparison.Ordinal))
        {
            return (StatusCodes.Status400BadRequest, EgressDecision.Deny(EgressReasons.MalformedHttp, rule));
        }

        // A length and chunks together are read differently by different servers. The web server has taken the chunks; nobody honest sends both.
        if (request.Headers.TransferEncoding.Count > 0 && (request.Headers.ContentLength is not null || request.Headers.ContainsKey("X-Content-Length")))
        {
            return (StatusCodes.Status400BadRequest, EgressDecision.Deny(EgressReasons.MalformedHttp, rule));
        }

        if (request.Headers.Upgrade.Count > 0 && !IsWebSocket(request))
        {
            return (StatusCodes.Status403Forbidden, EgressDecision.Deny(EgressReasons.UpgradeNotAllowed, rule));
        }

        var decision = options.Rules.DecideRequest(connection.Host, connection.Port, request.Method, target);
        decision = decision.Allowed ? options.Rules.ObjectTo(connection.Host, connection.Port, request.Headers.Keys) ?? decision : decision;
        return decision.Allowed ? null : (StatusCodes.Status403Forbidden, decision);
    }

    private HttpRequestMessage Rewrite(HttpContext context, string target)
    {
        var source = context.Request;
        var port = connection.Port == (overTls ? 443 : 80) ? "" : $":{connection.Port}";
        var request = new HttpRequestMessage
        {
            Method = HttpMethod.Parse(source.Method),
            RequestUri = new Uri(
                $"{(overTls ? "https" : "http")}://{connection.Host}{port}{(target == "*" ? "" : target)}",
                new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = target != "*" }),
            Version = source.Protocol == "HTTP/2" ? HttpVersion.Version20 : HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };

        if (context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody == true && !IsWebSocket(source))
        {
            request.Content = new RelayedBody(source.Body, source.Headers.ContentLength);
        }

        var used = new List<BrokeredSecret>();
        var dropped = HopByHop.In(source.Headers.Connection);

        foreach (var (name, values) in source.Headers)
        {
            if (name[0] == ':' || dropped.Contains(name) || name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase)
                || (!redactor.IsEmpty && name.Equals("Sec-WebSocket-Extensions", StringComparison.OrdinalIgnoreCase)))
            {
                continue;
            }

            var sent = values.Select(v => overTls ? injection.Apply(name, v ?? "", connection.Host, connection.Port, used) : v ?? "").ToList();

            // HTTP/2 writes header names in lower case; the record should not depend on the protocol.
#pragma warning disable CA1308
            sent.SelectMany(injection.PlaceholdersIn).ToList().ForEach(s => ReportMisplaced(s, $"header {name.ToLowerInvariant()}"));
#pragma warning restore CA1308

            if (!request.Headers.TryAddWithoutValidation(name, sent))
            {
                request.Content?.Headers.TryAddWithoutValidation(name, sent);
            }
        }

        injection.PlaceholdersIn(target).ToList().ForEach(s => ReportMisplaced(s, "path"));
        used.ForEach(ReportUse);

        if (source.Headers.TE.ToString().Contains("trailers", StringComparison.OrdinalIgnoreCase))
        {
            request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        }

        if (IsWebSocket(source))
        {
            request.Headers.TryAddWithoutValidation("Connection", "Upgrade");
            request.Headers.TryAddWithoutValidation("Upgrade", "websocket");
        }

        return request;
    }

    private static bool IsWebSocket(HttpRequest request) =>
        HttpMethods.IsGet(request.Method) && request.Headers.Upgrade.Count == 1
        && string.Equals(request.Headers.Upgrade[0], "websocket", StringComparison.OrdinalIgnoreCase)
        && request.HttpContext.Features.Get<IHttpUpgradeFeature>()?.IsUpgradableRequest == true;

    private async Task RefuseAsync(HttpContext context, int status, EgressDecision decision)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        context.Response.Headers[Refusal.Header] = decision.Reason;
        await context.Response.WriteAsync(Refusal.Explain(connection.Host.Text, connection.Port, decision), context.RequestAborted);
    }

    // Once per connection: a package manager makes a thousand requests, and the thousandth says nothing new.
    private void ReportUse(BrokeredSecret secret)
    {
        if (FirstTime($"used {secret.Secret.Name} {secret.Header}"))
        {
            recorder.Append(new SecretUsed(secret.Secret.Name, connection.Host.Text, secret.Header));
        }
    }

    private void ReportMisplaced(BrokeredSecret secret, string where) => ReportLeak([secret.Secret.Name], $"placeholder in {where} to {connection.Host}");

    private void ReportLeak(IEnumerable<string> names, string where)
    {
        foreach (var name in names.Where(n => FirstTime($"leak {n} {where}")))
        {
            recorder.Append(new SecretLeakBlocked(name, where == "response" ? $"response of {connection.Host}" : where));
        }
    }

    private bool FirstTime(string what)
    {
        lock (reported)
        {
            return reported.Add(what);
        }
    }
}
