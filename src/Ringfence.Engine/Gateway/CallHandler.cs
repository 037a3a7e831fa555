using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Ringfence.Audit;
using Ringfence.Budgets;

namespace Ringfence.Gateway;

/// <summary>Decides what a request is and whether it may pass; one that is charged becomes a <see cref="ModelCall"/>.</summary>
internal sealed class CallHandler(GatewayOptions options, UpstreamPool upstreams, BudgetLedger ledger, KeyDesk? keys, TimeProvider time)
{
    private readonly Forwarder forwarder = new(options, upstreams, time);

    /// <param name="bound">The lease of the sandbox that the connection came from; null for one from outside.</param>
    public async Task HandleAsync(HttpContext http, GatewayLease? bound)
    {
        var request = http.Request;
        var anthropic = request.Headers.ContainsKey("anthropic-version") || request.Headers.ContainsKey("x-api-key");
        var route = Routes.Match(request.Method, request.Path.Value ?? "", anthropic);
        var wire = ModelWires.For(route?.Wire ?? (anthropic ? Wire.Anthropic : Wire.OpenAiChat));

        if (await AdmitAsync(request, bound) is not { } lease)
        {
            await new Refusal(401, "unknown_token", "The token is not known here.", IsTerminal: true).AnswerAsync(http, wire, http.RequestAborted);
            return;
        }

        // An ended lease answers, even when what was in flight has been cut.
        if (lease.Refusal is { } over)
        {
            using var unread = await RequestBytes.ReadAsync(request, options.MaxBodyBytes, http.RequestAborted);
            await over.AnswerAsync(http, wire, http.RequestAborted);
            return;
        }

        using var aborted = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, lease.Cut);

        try
        {
            await AdmittedAsync(http, lease, wire, route, aborted.Token);
        }
        catch (OperationCanceledException) when (CanAnswer(http, lease))
        {
            // Stopped before the provider answered: said, not just cut off.
            await lease.Refusal!.AnswerAsync(http, wire, http.RequestAborted);
        }
        catch (Exception bug) when (bug is not (OperationCanceledException or IOException or BadHttpRequestException or RecordUnavailableException))
        {
            await BrokenAsync(http, lease, wire, bug);
        }
    }

    // The framework's bare 500 would have agents ask again for minutes. Whatever was reserved has been settled on the way out.
    private static async Task BrokenAsync(HttpContext http, GatewayLease lease, IModelWire wire, Exception bug)
    {
        var why = new Failure("gateway_broken", $"The gateway failed by a bug of its own: {bug.GetType().Name}: {bug.Message}", "Please report it.");
        lease.End(new LeaseEnding(LeaseEndingReason.Broken, why));

        if (http.Response.HasStarted)
        {
            http.Abort();
            return;
        }

        var answer = lease.Request.IsStanding ? new Refusal(500, why.Code, why.Message, IsTerminal: true) : lease.Terminal(why);
        lease.Recorder.Append(new ModelFailed("", answer.Status, why.Code, why.Message));
        await answer.AnswerAsync(http, wire, http.RequestAborted);
    }

    private static bool CanAnswer(HttpContext http, GatewayLease lease) =>
        lease.Refusal is not null && !http.Response.HasStarted && !http.RequestAborted.IsCancellationRequested;

    private async Task AdmittedAsync(HttpContext http, GatewayLease lease, IModelWire wire, Route? route, CancellationToken cancellationToken)
    {
        var request = http.Request;

        if (Refuse(route, request, lease.Player is not { IsLive: false }) is { } refusal)
        {
            await refusal.AnswerAsync(http, wire, cancellationToken);
            return;
        }

        using var body = await RequestBytes.ReadAsync(request, options.MaxBodyBytes, cancellationToken);

        if (body is null)
        {
            await TooLarge().AnswerAsync(http, wire, cancellationToken);
        }
        else if (lease.Player is { IsLive: false } player)
        {
            await PlayAsync(http, lease, wire, route!, player, body, cancellationToken);
        }
        else if (route!.Kind == RouteKind.Free)
        {
            await forwarder.PassAsync(http, wire, body.Memory, cancellationToken);
        }
        else
        {
            await ChargeAsync(http, lease, wire, route, body, cancellationToken);
        }
    }

    // Played back: nothing is reserved, nothing is sent, turns are counted as they were, and what is not on the cassette ends the run and says why.
    private static async Task PlayAsync(
        HttpContext http, GatewayLease lease, IModelWire wire, Route route, CassettePlayer player, RequestBytes body, CancellationToken cancellationToken)
    {
        var facts = route.Kind == RouteKind.Generate && wire.Inspect(route, body.Span).Succeeded(out var read) ? read : null;

        if (lease.TryEnter(IsSubAgent(http, out _), facts is { HasTools: true }, out var refusal) is not { } place)
        {
            await refusal!.AnswerAsync(http, wire, cancellationToken);
            return;
        }

        var path = http.Request.Path + http.Request.QueryString.Value;
        var asked = Encoding.UTF8.GetString(body.Span);
        var found = player.Find(path, asked);
        lease.Leave(place, new Ending { Status = found is not null && facts is not null ? found.Exchange.Status : 0 });

        if (found is null)
        {
            var miss = new Failure("cassette_miss", player.Explain(path, asked));
            lease.Recorder.Append(new ModelFailed(place.Call, lease.Request.TerminalStatus, miss.Code, miss.Message) { Turn = place.Turn });
            lease.End(new LeaseEnding(LeaseEndingReason.NotRecorded, miss));
            await lease.Terminal(miss).AnswerAsync(http, wire, cancellationToken);
            return;
        }

        lease.Recorder.Append(new ModelReplayed(place.Call, found.Number, found.Match) { Turn = place.Turn });
        http.Response.StatusCode = found.Exchange.Status;
        http.Response.ContentType = found.Exchange.ContentType;
        await http.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(found.Exchange.Response), cancellationToken);
    }

    private async Task ChargeAsync(
        HttpContext http, GatewayLease lease, IModelWire wire, Route route, RequestBytes body, CancellationToken cancellationToken)
    {
        var inspected = wire.Inspect(route, body.Span);

        if (!inspected.Succeeded(out var facts))
        {
            await RejectAsync(http, lease, wire, 400, inspected.Failures, cancellationToken);
            return;
        }

        if (Price(lease, facts) is not { } price)
        {
            var unknown = new Failure("unknown_model", $"The model {Printable.Escape(facts.Model)} is not allowed here, or has no price.");
            await RejectAsync(http, lease, wire, lease.Request.IsStanding ? 400 : lease.Request.TerminalStatus, [unknown], cancellationToken);
            return;
        }

        var isSubAgent = IsSubAgent(http, out var agent);

        if (lease.TryEnter(isSubAgent, facts.HasTools, out var refusal) is not { } place)
        {
            await refusal!.AnswerAsync(http, wire, cancellationToken);
            return;
        }

        // Null is the main conversation; side calls name sessions and sort prompts.
        var conversation = isSubAgent ? agent : place.IsTurn ? null : "side";
        var call = new ModelCall(lease, place, wire, facts, price, conversation, options, ledger, time);
        await call.RunAsync(http, body, forwarder, cancellationToken);
    }

    private static bool IsSubAgent(HttpContext http, out string agent)
    {
        var named = http.Request.Headers.TryGetValue("x-claude-code-agent-id", out var id);
        agent = id.ToString();
        return named;
    }

    // A run's token is good on the connections of its own sandbox and nowhere else, so one that leaks is worth nothing. From outside, keys are.
    private async ValueTask<GatewayLease?> AdmitAsync(HttpRequest request, GatewayLease? bound)
    {
        if (Headers.Token(request) is not { } token)
        {
            return null;
        }

        if (bound is null)
        {
            return keys is null ? null : await keys.FindAsync(token, request.HttpContext.RequestAborted);
        }

        var isGood = !(bound.Request.Expires <= time.GetUtcNow())
            && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(token), Encoding.UTF8.GetBytes(bound.Token));

        return isGood ? bound : null;
    }

    private Refusal? Refuse(Route? route, HttpRequest request, bool isLive)
    {
        if (route is null)
        {
            return new Refusal(404, "unknown_path", $"{Printable.Escape(request.Method)} {Printable.Escape(request.Path.Value ?? "")} is not a call that is metered here.");
        }

        if (isLive && !upstreams.Serves(route.Wire))
        {
            return new Refusal(404, "no_upstream", $"No upstream is configured for {WireName.Of(route.Wire)}.", IsTerminal: true);
        }

        return request.Headers.ContentEncoding is { Count: > 0 } coding && coding != "identity"
            ? new Refusal(415, "compressed_request", "A compressed request cannot be bounded.", IsTerminal: true)
            : null;
    }

    private Refusal TooLarge() =>
        new(413, "request_too_large", $"The body is larger than {options.MaxBodyBytes} bytes.", IsTerminal: true);

    private ModelPrice? Price(GatewayLease lease, CallFacts facts) =>
        lease.Request.Models.Count == 0 || lease.Request.Models.Contains(facts.Model) ? options.Prices.Find(facts.Model) : null;

    private static async Task RejectAsync(
        HttpContext http, GatewayLease lease, IModelWire wire, int status, IReadOnlyList<Failure> failures, CancellationToken cancellationToken)
    {
        var message = string.Join(" ", failures.Select(f => f.Hint is null ? f.Message : $"{f.Message} {f.Hint}"));
        lease.Recorder.Append(new ModelFailed("", status, failures[0].Code, message));
        await new Refusal(status, failures[0].Code, message, IsTerminal: true).AnswerAsync(http, wire, cancellationToken);
    }
}
