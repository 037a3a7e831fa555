using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Security.Cryptography;
using Ringfence.Audit;

namespace Ringfence.Gateway;

/// <summary>A run's short-lived right to use the gateway: a token that is good from the run's own sandbox alone.</summary>
public sealed class GatewayLease : IAsyncDisposable
{
    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource cut = new();
    private readonly ConcurrentBag<Socket> doors = [];
    private readonly Func<GatewayLease, ValueTask> close;
    private readonly LeaseCalls calls;
    private LeaseEnding? ending;

    internal GatewayLease(LeaseRequest request, IRecorder recorder, LeaseScopes scopes, Func<GatewayLease, ValueTask> close, TimeProvider time)
    {
        calls = new LeaseCalls(request, time);
        Request = request;
        Context = new ContextWatch(request.Pins);
        Recorder = recorder;
        Scopes = scopes;
        this.close = close;
    }

    /// <summary>What the agent presents instead of a key.</summary>
    public string Token { get; } = "rft_" + RandomNumberGenerator.GetHexString(48, lowercase: true);

    /// <summary>Requests admitted on the main conversation, those that failed at the provider not counted.</summary>
    public int Turns => calls.Turns;

    /// <summary>Settled so far, at list price. Calls in flight are not in it.</summary>
    public Money Spent => calls.Spent;

    /// <summary>Why the newest call of the main conversation has no whole answer: the provider refused it, broke it off, or has not answered. Null when it has.</summary>
    public Failure? Trouble => calls.Trouble;

    /// <summary>The agent has said its last word: what becomes of calls that it makes from now on is no <see cref="Trouble"/>.</summary>
    public void EndOfAnswer() => calls.EndOfAnswer();

    /// <summary>Why no further call is taken; null while calls are.</summary>
    public LeaseEnding? Ending => Volatile.Read(ref ending);

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

    /// <summary>The part of <see cref="Spent"/> that is no known price, but what was set aside for calls that broke off.</summary>
    internal Money Unknown => calls.Unknown;

    /// <summary>The answer to every call once the lease has ended; null before.</summary>
    internal Refusal? Refusal => Ending is { } over ? Terminal(over.Failure) : null;

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

    /// <summary>The first ending counts. A key outlives all but a kill.</summary>
    internal void End(LeaseEnding over)
    {
        if (!Request.IsStanding || over.Reason == LeaseEndingReason.Killed)
        {
            Interlocked.CompareExchange(ref ending, over, null);
            ended.TrySetResult();
        }
    }

    /// <summary>Takes a place for a call, or says why there is none. A place that was taken must be left.</summary>
    internal CallPlace? TryEnter(bool isSubAgent, bool hasTools, out Refusal? refusal)
    {
        refusal = Refusal;

        if (refusal is not null)
        {
            return null;
        }

        var place = calls.TryEnter(isSubAgent, hasTools, out var over, out refusal);

        if (over is not null)
        {
            End(over);
            refusal = Terminal(over.Failure);
        }

        return place;
    }

    internal void Leave(CallPlace place, Ending how)
    {
        if (calls.Leave(place, how) is { } over)
        {
            End(over);
        }
    }

    /// <summary>Completes when no call is in flight.</summary>
    internal Task IdleAsync() => calls.IdleAsync();

    /// <summary>An answer at which the calling agent stops instead of trying again.</summary>
    internal Refusal Terminal(Failure why) => new(Request.TerminalStatus, why.Code, why.Message, IsTerminal: true);
}
