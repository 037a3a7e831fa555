using System.Globalization;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Ringfence.Audit;
using Ringfence.Budgets;

namespace Ringfence.Gateway;

/// <summary>A call that is charged: bound, reserve, clamp, send, settle. Every way out of it settles.</summary>
internal sealed class ModelCall(
    GatewayLease lease, CallPlace place, IModelWire wire, CallFacts facts, ModelPrice price, string? conversation, GatewayOptions options,
    BudgetLedger ledger, TimeProvider time)
{
    private readonly long started = time.GetTimestamp();
    private ContextSeen? seen;

    public async Task RunAsync(HttpContext http, RequestBytes body, Forwarder forwarder, CancellationToken cancellationToken)
    {
        var ending = Ending.NotSent;

        try
        {
            var bound = Bound(body.Span);
            var asked = Math.Min(facts.MaxTokensAsked ?? price.MaxOutput, price.MaxOutput);
            var floor = bound.Worst(Math.Min(asked, Floor));
            var outcome = await ledger.ReserveAsync(lease.Scopes.Current, place.Call, bound.Worst(asked), floor, options.BudgetWait, cancellationToken);

            if (outcome is not ReserveOutcome.Granted granted)
            {
                await RefuseAsync(http, (ReserveOutcome.Denied)outcome, cancellationToken);
                return;
            }

            try
            {
                var sent = Math.Min(asked, bound.Affordable(granted.Reservation.Amount));
                var clamped = sent < (facts.MaxTokensAsked ?? price.MaxOutput);
                RecordRequest(body, granted, sent, clamped);

                // Whoever finds this run without its gateway must know of every call that may have been charged.
                if (!lease.Request.IsStanding)
                {
                    await lease.Recorder.FlushAsync(cancellationToken);
                }

                var changed = clamped || facts.UsageMustBeAsked ? wire.Rewrite(body.Span, facts, clamped ? sent : null) : body.Memory;

                // Until the forwarder says otherwise, the request may have been received and charged.
                ending = new Ending { MayBeCharged = true, Error = new Failure("broken", "The call broke off inside the gateway.") };
                ending = await forwarder.ForwardAsync(http, wire, facts, changed, lease.Cassette, cancellationToken);
            }
            finally
            {
                await SettleAsync(granted.Reservation, ending);
            }
        }
        finally
        {
            lease.Leave(place, ending);
        }

        if (ending is { Status: 0, Answer: null })
        {
            cancellationToken.ThrowIfCancellationRequested();
        }

        await Forwarder.AnswerAsync(http, wire, ending, cancellationToken);

        if (ending.Usage is { } usage)
        {
            lease.Bounds.Remember(price.Model, body.Keep(), usage.AllInput);
        }
    }

    // Thinking needs room below the maximum.
    private long Floor => facts.ThinkingBudget is { } thinking ? Math.Max(CallBound.UsefulOutput, Math.Min(thinking, 1024) + 1) : CallBound.UsefulOutput;

    private CallBound Bound(ReadOnlySpan<byte> body)
    {
        var (input, largest) = lease.Bounds.Of(body, facts, price);

        return new CallBound
        {
            Price = price,
            InputTokens = input,
            LargestPass = largest,
            CacheWrites5m = facts.CacheWrites5m,
            CacheWrites1h = facts.CacheWrites1h,
            Answers = facts.Answers,
            WebSearches = facts.WebSearches,
        };
    }

    private async Task RefuseAsync(HttpContext http, ReserveOutcome.Denied denied, CancellationToken cancellationToken)
    {
        var status = lease.Request.TerminalStatus;

        var refusal = denied.Kind switch
        {
            DenialKind.Exhausted => new Refusal(
                status, "budget_exhausted", $"The budget of {denied.Scope} is used up: {denied.Needed} are needed, {denied.Available} are left.{BrokenOff()}", IsTerminal: true),
            DenialKind.Frozen => new Refusal(status, "budget_frozen", $"{denied.Scope} takes no call: {denied.Detail}.", IsTerminal: true),
            DenialKind.Killed => new Refusal(status, "killed", $"{denied.Scope} was stopped: {denied.Detail}.", IsTerminal: true),
            DenialKind.Unavailable => new Refusal(503, "ledger_unavailable", "The ledger cannot be written, so nothing is sent."),
            _ => new Refusal(429, "budget_busy", $"Calls in flight hold the budget of {denied.Scope}.", RetryAfter: 5),
        };

        Append(new BudgetDenied(place.Call, denied.Scope, refusal.Code, denied.Needed.Nanodollars, denied.Available.Nanodollars));

        if (refusal.IsTerminal)
        {
            var reason = denied.Kind == DenialKind.Killed ? LeaseEndingReason.Killed : LeaseEndingReason.MaxCost;
            lease.End(new LeaseEnding(reason, new Failure(refusal.Code, refusal.Message)));
        }

        await refusal.AnswerAsync(http, wire, cancellationToken);
    }

    // Nobody would guess where the money went: not into answers.
    private string BrokenOff() => lease.Unknown > Money.Zero ? $" {lease.Unknown} were set aside for calls that broke off; what they cost is not known, so all of it counts." : "";

    private void RecordRequest(RequestBytes body, ReserveOutcome.Granted granted, long sent, bool clamped)
    {
        var reservation = granted.Reservation;

        Append(new BudgetReserved(
            place.Call, [.. reservation.Account.Scopes.Select(s => s.Key)], reservation.Amount.Nanodollars, granted.Remaining.Nanodollars));

        if (clamped && facts.MaxTokensAsked is { } before)
        {
            Append(new BudgetClamped(place.Call, before, sent));
        }

        // A key has no run whose story could be told; its calls are metered and no more.
        if (!lease.Request.IsStanding)
        {
            seen = lease.Context.Look(place.Call, conversation, body.Span, wire, lease.Recorder);
        }

        Append(new ModelRequested(
            place.Call, WireName.Of(wire.Wire), facts.Model, facts.Model, body.Span.Length, facts.MaxTokensAsked ?? 0, sent,
            seen is null ? "" : Convert.ToHexStringLower(SHA256.HashData(body.Span)), seen?.Prefixes ?? []));

        if (seen is not null)
        {
            Append(seen.Composed);
        }
    }

    private async Task SettleAsync(Reservation reservation, Ending ending)
    {
        // Nothing sent, or an answer that providers do not charge: zero. No final report of the usage: all that was set aside.
        var cost = !ending.MayBeCharged ? Money.Zero : ending.Usage is { } usage ? price.Cost(usage) : reservation.Amount;
        ending.Cost = cost;
        var settlement = ledger.Settle(reservation, cost);

        if (ending.Status is >= 200 and < 300)
        {
            var known = ending.Usage ?? default;

            Append(new ModelResponded(
                place.Call, ending.Status, ending.StopReason, known.Input, known.CacheRead, known.CacheWrite5m, known.CacheWrite1h, known.Output,
                known.Reasoning, Microseconds(ending.FirstByte), Microseconds(time.GetTimestamp()), cost.Nanodollars, ending.Usage is not null,
                ending.IsComplete));
        }

        if (ending.Error is { } error)
        {
            Append(new ModelFailed(place.Call, ending.Status, error.Code, error.Message));
        }

        Append(new BudgetSettled(place.Call, reservation.Amount.Nanodollars, cost.Nanodollars, !ending.MayBeCharged || ending.Usage is not null)
        {
            Prices = options.Prices.Version,
        });

        foreach (var passed in settlement.Thresholds)
        {
            Append(new BudgetThreshold(passed.Scope, passed.Percent, passed.Spent.Nanodollars, passed.Limit.Nanodollars));
        }

        if (seen?.Changed is { } changed)
        {
            Append(changed with { TokensAfter = ending.Usage?.AllInput ?? 0 });
        }

        if (seen is not null && ending.Usage is { } used)
        {
            seen.Followed.Tokens = used.AllInput;
        }

        foreach (var scope in settlement.Frozen)
        {
            Append(new BudgetFrozen(scope, place.Call, reservation.Amount.Nanodollars, cost.Nanodollars));
            await ledger.FreezeAsync(scope, string.Create(CultureInfo.InvariantCulture, $"call {place.Call} of {lease.Request.Run} cost {cost}, more than its bound {reservation.Amount}"), CancellationToken.None);
        }
    }

    private long Microseconds(long timestamp) => timestamp == 0 ? 0 : (long)time.GetElapsedTime(started, timestamp).TotalMicroseconds;

    private void Append(AuditFact fact) => lease.Recorder.Append(fact with { Turn = place.Turn, Conversation = conversation });
}
