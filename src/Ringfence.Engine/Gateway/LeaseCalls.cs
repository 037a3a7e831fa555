namespace Ringfence.Gateway;

/// <summary>The calls of one lease, counted: who may enter, what they came to, and what the provider made of them.</summary>
internal sealed class LeaseCalls(LeaseRequest request, TimeProvider time)
{
    /// <summary>
    /// So many refusals in a row that asking again cannot cure end the run: some agents go on for ever, asking what was refused and shortening nothing.
    /// </summary>
    private const int MostRefusals = 10;

    /// <summary>A key that is being changed may be refused once or twice.</summary>
    private const int MostKeyRefusals = 3;

    /// <summary>Code of a trouble that is nobody's but the operator's.</summary>
    public const string KeyRefused = "provider_refused_key";

    private static readonly Failure Unanswered = new("unanswered", "A model call was without a whole answer.");

    private readonly Lock gate = new();
    private readonly Pace pace = new(time);
    private TaskCompletionSource? idle;
    private Failure? trouble;
    private Money unknown;
    private Money spent;
    private long calls;
    private long lastOfAnswer = long.MaxValue;
    private long tokens;
    private int inFlight;
    private int turns;
    private int requests;
    private int refused;
    private bool hasWorked;

    public int Turns => Volatile.Read(ref turns);

    /// <summary>Settled so far, at list price.</summary>
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

    /// <summary>The part of it that was set aside for calls that broke off: their price is not known, so all of it counts.</summary>
    public Money Unknown
    {
        get
        {
            lock (gate)
            {
                return unknown;
            }
        }
    }

    /// <summary>What became of the newest call of the main conversation, where it got no whole answer; null where it did.</summary>
    public Failure? Trouble
    {
        get
        {
            lock (gate)
            {
                return trouble ?? (inFlight > 0 ? Unanswered : null);
            }
        }
    }

    /// <summary>The agent has said its last word: what it asks from now on (a memory kept, a suggestion made) is no part of its answer.</summary>
    public void EndOfAnswer()
    {
        lock (gate)
        {
            lastOfAnswer = calls;
        }
    }

    /// <summary>Takes a place for a call, or says why there is none. A place that was taken must be left.</summary>
    /// <param name="over">What ends the lease, where it is that; null for what passes.</param>
    public CallPlace? TryEnter(bool isSubAgent, bool hasTools, out LeaseEnding? over, out Refusal? passing)
    {
        lock (gate)
        {
            // A request without tools beside a conversation that has them names the session or sorts the prompt: not a turn.
            var isTurn = !isSubAgent && (hasTools || !hasWorked);
            over = Exhausted(isTurn);
            passing = over is null ? TooMany() : null;

            if (over is not null || passing is not null)
            {
                return null;
            }

            hasWorked |= hasTools;
            turns += isTurn ? 1 : 0;
            requests++;
            inFlight++;
            return new CallPlace($"{request.CallPrefix}{++calls}", turns, isTurn) { Number = calls };
        }
    }

    /// <summary>Gives a place back. Returns what ends the lease, when the provider has refused for good.</summary>
    public LeaseEnding? Leave(CallPlace place, Ending ending)
    {
        lock (gate)
        {
            inFlight--;

            if (inFlight == 0)
            {
                idle?.TrySetResult();
            }

            turns -= place.IsTurn && !ending.ReachedModel ? 1 : 0;
            tokens += ending.Usage?.Total ?? 0;
            spent = Add(spent, ending.Cost);
            unknown = Add(unknown, ending.Usage is null ? ending.Cost : Money.Zero);
            return place.IsTurn ? Judge(place, ending) : null;
        }
    }

    /// <summary>Completes when no call is in flight.</summary>
    public Task IdleAsync()
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

    private LeaseEnding? Exhausted(bool isTurn) =>
        requests >= request.Requests ? Over(LeaseEndingReason.MaxCost, "max_requests", $"The run used its {request.Requests} model requests.")
        : tokens >= request.Tokens ? Over(LeaseEndingReason.MaxCost, "max_tokens_total", $"The run used its {request.Tokens} tokens.")
        : isTurn && turns >= request.Turns ? Over(LeaseEndingReason.MaxTurns, "max_turns", $"The run used its {request.Turns} turns.", "Raise the turn limit to go on.")
        : null;

    private Refusal? TooMany() =>
        inFlight >= request.Concurrency ? new Refusal(429, "too_many_calls", $"{request.Concurrency} calls of this run are in flight.", RetryAfter: 2)
        : !pace.TryTake(request.RequestsPerMinute) ? new Refusal(429, "rate_limited", $"{request.RequestsPerMinute} requests a minute are allowed.", RetryAfter: 2)
        : null;

    private LeaseEnding? Judge(CallPlace place, Ending ending)
    {
        var found = ending.Error switch
        {
            { Code: "cut" } => trouble ?? Unanswered,
            { } error when ending.Status == 401 => new Failure(KeyRefused, $"The provider refuses the gateway's key. {error.Message}", "Check the key of this upstream."),
            { } error when !ending.IsComplete => error,
            _ => null,
        };
        trouble = place.Number <= lastOfAnswer ? found : trouble;
        refused = ending.Status is >= 400 and < 500 and not (408 or 409 or 425 or 429) ? refused + 1 : 0;

        return found is null ? null
            : found.Code == KeyRefused && refused >= MostKeyRefusals ? new LeaseEnding(LeaseEndingReason.KeyRefused, found)
            : refused >= MostRefusals ? Over(LeaseEndingReason.Refused, "provider_refused", $"The provider refused {refused} calls in a row. {found.Message}")
            : null;
    }

    private static LeaseEnding Over(LeaseEndingReason reason, string code, string message, string? hint = null) => new(reason, new Failure(code, message, hint));

    private static Money Add(Money sum, Money cost) => sum > Money.Max - cost ? Money.Max : sum + cost;
}

/// <summary>A bucket that fills with a minute's requests over a minute. Guarded by the calls' lock.</summary>
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
internal sealed record CallPlace(string Call, int Turn, bool IsTurn)
{
    /// <summary>Which call of the lease it is, from 1.</summary>
    public long Number { get; init; }
}
