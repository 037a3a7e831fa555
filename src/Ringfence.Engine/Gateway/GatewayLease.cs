using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Security.Cryptography;
using Ringfence.Audit;
using Ringfence.Budgets;

namespace Ringfence.Gateway;

/// <summary>A run's short-lived right to use the gateway: a token that is good from the run's own sandbox alone.</summary>
public sealed class GatewayLease : IAsyncDisposable
{
    private readonly Lock gate = new();
    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource cut = new();
    private readonly ConcurrentBag<Socket> doors = [];
    private readonly Func<GatewayLease, ValueTask> close;
    private readonly Pace pace;
    private long calls;
    private int inFlight;
    private int turns;
    private int requests;
    private long tokens;
    private Money spent;
    private bool hasWorked;
    private TaskCompletionSource? idle;

    internal GatewayLease(LeaseRequest request, IRecorder recorder, LeaseScopes scopes, Func<GatewayLease, ValueTask> close, TimeProvider time)
    {
        pace = new Pace(time);
        Request = request;
        Context = new ContextWatch(request.Pins);
        Recorder = recorder;
        Scopes = scopes;
        this.close = close;
    }

    /// <summary>What the agent presents instead of a key.</summary>
    public string Token { get; } = "rft_" + RandomNumberGenerator.GetHexString(48, lowercase: true);

    /// <summary>Requests admitted on the main conversation, those that failed at the provider not counted.</summary>
    public int Turns => Volatile.Read(ref turns);

    /// <summary>Settled so far, at list price. Calls in flight are not in it.</summary>
    public Money Spent
    {
        get
        {
            lock (gate)
            {
                return spent;
            }
        }
    }

    /// <summary>Why no further call is taken; null while calls are.</summary>
    public LeaseEnding? Ending { get; private set; }

    /// <summary>Completes when <see cref="Ending"/> is set.</summary>
    public Task Ended => ended.Task;

    internal LeaseRequest Request { get; }

    internal IRecorder Recorder { get; }

    internal LeaseScopes Scopes { get; }

    internal InputBounds Bounds { get; } = new();

    internal ContextWatch Context { get; }

    /// <summary>Writes the exchanges down; null when nobody asked for it.</summary>
    internal CassetteRecorder? Cassette { get; init; }

    /// <summary>Answers instead of the provider; null when calls are live.</summary>
    internal CassettePlayer? Player { get; init; }

    /// <summary>Cancelled when every call in flight must stop now.</summary>
    internal CancellationToken Cut => cut.Token;

    /// <summary>Cuts every call in flight and refuses all further ones.</summary>
    public void Kill(string by)
    {
        End(new LeaseEnding(LeaseEndingReason.Killed, new Failure("killed", $"The run was stopped by {by}.")));
        cut.Cancel();
    }

    public async ValueTask DisposeAsync()
    {
        End(new LeaseEnding(LeaseEndingReason.Killed, new Failure("lease_closed", "The run has ended.")));
        await cut.CancelAsync();

        foreach (var door in doors)
        {
            door.Dispose();
        }

        // Calls that were cut still have to settle.
        await IdleAsync();
        await close(this);
        Bounds.Dispose();

        if (Cassette is not null)
        {
            await Cassette.DisposeAsync();
        }
    }

    internal void Add(Socket door) => doors.Add(door);

    internal void End(LeaseEnding ending)
    {
        if (Request.IsStanding && ending.Reason != LeaseEndingReason.Killed)
        {
            return;
        }

        lock (gate)
        {
            Ending ??= ending;
        }

        ended.TrySetResult();
    }

    /// <summary>Takes a place for a call, or says why there is none. A place that was taken must be left.</summary>
    internal CallPlace? TryEnter(bool isSubAgent, bool hasTools, out Refusal? refusal)
    {
        lock (gate)
        {
            refusal = Refuse();

            if (refusal is not null)
            {
                return null;
            }

            // A request without tools beside a conversation that has them names the session or sorts the prompt: not a turn.
            var isTurn = !isSubAgent && (hasTools || !hasWorked);

            if (isTurn && turns >= Request.Turns)
            {
                var failure = new Failure("max_turns", $"The run used its {Request.Turns} turns.", "Raise the turn limit to go on.");
                End(new LeaseEnding(LeaseEndingReason.MaxTurns, failure));
                refusal = new Refusal(Request.TerminalStatus, failure.Code, failure.Message, IsTerminal: true);
                return null;
            }

            if (!pace.TryTake(Request.RequestsPerMinute))
            {
                refusal = new Refusal(429, "rate_limited", $"{Request.RequestsPerMinute} requests a minute are allowed.", RetryAfter: 2);
                return null;
            }

            hasWorked |= hasTools;
            turns += isTurn ? 1 : 0;
            requests++;
            inFlight++;
            return new CallPlace($"{Request.CallPrefix}{++calls}", turns, isTurn);
        }
    }

    internal void Leave(CallPlace place, bool reachedModel, Usage? usage, Money cost)
    {
        lock (gate)
        {
            inFlight--;

            if (inFlight == 0)
            {
                idle?.TrySetResult();
            }

            turns -= place.IsTurn && !reachedModel ? 1 : 0;
            tokens += usage?.Total ?? 0;
            spent = spent > Money.Max - cost ? Money.Max : spent + cost;
        }
    }

    /// <summary>Completes when no call is in flight.</summary>
    internal Task IdleAsync()
    {
        lock (gate)
        {
            if (inFlight == 0)
            {
                return Task.CompletedTask;
            }

            idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return idle.Task;
        }
    }

    /// <summary>The answer to every call once the lease has ended; null before.</summary>
    internal Refusal? Refusal =>
        Ending is { } ending ? new Refusal(Request.TerminalStatus, ending.Failure.Code, ending.Failure.Message, IsTerminal: true) : null;

    private Refusal? Refuse()
    {
        if (Refusal is { } over)
        {
            return over;
        }

        if (requests >= Request.Requests)
        {
            return Terminal("max_requests", $"The run used its {Request.Requests} model requests.");
        }

        if (tokens >= Request.Tokens)
        {
            return Terminal("max_tokens_total", $"The run used its {Request.Tokens} tokens.");
        }

        return inFlight >= Request.Concurrency
            ? new Refusal(429, "too_many_calls", $"{Request.Concurrency} calls of this run are in flight.", RetryAfter: 2)
            : null;
    }

    private Refusal Terminal(string code, string message)
    {
        End(new LeaseEnding(LeaseEndingReason.MaxCost, new Failure(code, message)));
        return new Refusal(Request.TerminalStatus, code, message, IsTerminal: true);
    }
}

/// <summary>A bucket that fills with a minute's requests over a minute. Guarded by the lease's lock.</summary>
internal sealed class Pace(TimeProvider time)
{
    private double taken;
    private long last = time.GetTimestamp();

    public bool TryTake(int? perMinute)
    {
        if (perMinute is not { } most)
        {
            return true;
        }

        taken = Math.Max(0, taken - (time.GetElapsedTime(last).TotalMinutes * most));
        last = time.GetTimestamp();

        if (taken + 1 > most)
        {
            return false;
        }

        taken++;
        return true;
    }
}

/// <param name="Call">The call's id within the run.</param>
/// <param name="Turn">The turn during which it happens.</param>
internal sealed record CallPlace(string Call, int Turn, bool IsTurn);
