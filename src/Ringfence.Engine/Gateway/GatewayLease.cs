using System.Security.Cryptography;
using Ringfence.Audit;

namespace Ringfence.Gateway;

/// <summary>A run's short-lived right to use the gateway: a token that is good from the run's own sandbox alone.</summary>
public sealed class GatewayLease : IAsyncDisposable
{
    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal GatewayLease(LeaseRequest request, IRecorder recorder)
    {
        Request = request;
        Recorder = recorder;
    }

    internal LeaseRequest Request { get; }

    internal IRecorder Recorder { get; }

    /// <summary>What the agent presents instead of a key.</summary>
    public string Token { get; } = "rft_" + RandomNumberGenerator.GetHexString(48, lowercase: true);

    /// <summary>Requests admitted on the main conversation.</summary>
    public int Turns { get; }

    /// <summary>Settled so far, at list price.</summary>
    public Money Spent { get; }

    /// <summary>Why no further call is taken; null while calls are.</summary>
    public LeaseEnding? Ending { get; private set; }

    /// <summary>Completes when <see cref="Ending"/> is set.</summary>
    public Task Ended => ended.Task;

    /// <summary>Cuts every call in flight and refuses all further ones.</summary>
    public void Kill(string by)
    {
        Ending ??= new LeaseEnding(LeaseEndingReason.Killed, new Failure("killed", $"The run was stopped by {by}."));
        ended.TrySetResult();
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
