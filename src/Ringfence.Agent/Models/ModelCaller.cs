namespace Ringfence.Agent.Models;

/// <summary>Calls a model until it answers or it is clear that it will not: retries with back-off and jitter, as the wire says.</summary>
internal sealed class ModelCaller(IModelWire wire, int maxRetries, TimeProvider time, Random random)
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(32);

    /// <param name="observe">Sees each event as it arrives; after a retry they start again with <c>message_start</c>.</param>
    /// <param name="lost">Told the known usage of an attempt that was billed but brought no answer; says whether another may be made.</param>
    public async Task<ModelAnswer> CallAsync(
        ModelRequest request, Action<System.Text.Json.Nodes.JsonObject> observe, Action<ModelRetry> retrying, Func<TokenUsage, bool> lost, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var mayRetry = true;
            var answer = await AttemptAsync(request, observe, usage => mayRetry = lost(usage), cancellationToken);

            if (answer is not ModelAnswer.Failed { Failure: var failure } || attempt > maxRetries || !mayRetry || !failure.IsWorthRetrying)
            {
                return answer;
            }

            var delay = failure.RetryAfter ?? Delay(attempt);
            retrying(new ModelRetry(attempt, maxRetries, delay, failure));
            await Task.Delay(delay, time, cancellationToken);
        }
    }

    private async Task<ModelAnswer> AttemptAsync(
        ModelRequest request, Action<System.Text.Json.Nodes.JsonObject> observe, Action<TokenUsage> lost, CancellationToken cancellationToken)
    {
        var builder = new ReplyBuilder();
        ModelFailure? failure = null;
        var opened = false;

        try
        {
            await foreach (var happened in wire.StreamAsync(request, cancellationToken))
            {
                if (happened is ModelEvent.Opened answer)
                {
                    opened = true;
                    builder.RequestId = answer.RequestId;
                }
                else if (happened is ModelEvent.Failed failed)
                {
                    failure = failed.Failure;
                    break;
                }
                else if (happened is ModelEvent.Chunk chunk)
                {
                    if (!builder.TryAdd(chunk.Json))
                    {
                        failure = new ModelFailure(null, "stream_cut", $"The stream is out of order at {chunk.Json.Text("type")}.");
                        break;
                    }

                    observe(chunk.Json);
                }
            }
        }
        finally
        {
            // The provider had the request: whether anything of its answer reached us or not, it may be billed.
            if (!builder.IsComplete && (opened || failure is null or { MayBeBilled: true }))
            {
                lost(builder.Usage);
            }
        }

        return failure is null && builder.IsComplete
            ? new ModelAnswer.Replied(builder.Build())
            : new ModelAnswer.Failed(failure ?? new ModelFailure(null, "stream_cut", "The stream ended before the message did."));
    }

    // Full doubling with up to a quarter of jitter on top, so that many agents that failed together do not return together.
    private TimeSpan Delay(int attempt)
    {
        var doubled = TimeSpan.FromMilliseconds(Math.Min(FirstDelay.TotalMilliseconds * Math.Pow(2, attempt - 1), LongestDelay.TotalMilliseconds));
        return doubled * (1 + (random.NextDouble() / 4));
    }
}

internal sealed record ModelRetry(int Attempt, int MaxRetries, TimeSpan Delay, ModelFailure Failure);
