using Ringfence.Agent.Context;
using Ringfence.Agent.Hosts;
using Ringfence.Agent.Models;

namespace Ringfence.Agent.Iteration;

/// <summary>Calls of the model for one prompt: each is held against the budget before it is made and charged after it, whatever became of it.</summary>
internal sealed class PaidCalls(AgentSession session)
{
    public TokenUsage Usage { get; private set; }

    /// <summary>Time that went by while the model was asked.</summary>
    public TimeSpan Time { get; private set; }

    /// <summary>Asks for the next step of the conversation. Null when what is left of the budget does not pay for it.</summary>
    public async Task<ModelAnswer?> AskAsync(CancellationToken cancellationToken)
    {
        var asked = session.Time.GetTimestamp();
        string? messageId = null;

        if (session.Spending.TryHold(session.Model, InputBound(), Math.Min(session.Options.MaxOutputTokens, PriceTable.Of(session.Model).MaxOutput)) is not { } hold)
        {
            return null;
        }

        session.Report(new AgentReport.Requesting());

        try
        {
            return await CallAsync(
                Request(hold.MaxTokens), hold,
                e =>
                {
                    messageId = e.Object("message").Text("id") ?? messageId;
                    session.Report(new AgentReport.Streamed(e, messageId, (long)session.Time.GetElapsedTime(asked).TotalMilliseconds));
                },
                cancellationToken);
        }
        finally
        {
            Time += session.Time.GetElapsedTime(asked);
        }
    }

    /// <summary>Asks something that is no part of the conversation.</summary>
    public async Task<ModelAnswer?> AskAsideAsync(ModelRequest request, CancellationToken cancellationToken) =>
        session.Spending.TryHold(request.Model, request.Messages.Sum(m => (long)m.Length) + 65_536, request.MaxTokens) is { } hold
            ? await CallAsync(request with { MaxTokens = hold.MaxTokens }, hold, _ => { }, cancellationToken)
            : null;

    private async Task<ModelAnswer?> CallAsync(ModelRequest request, Hold hold, Action<System.Text.Json.Nodes.JsonObject> observe, CancellationToken cancellationToken)
    {
        var paid = true;

        try
        {
            var answer = await session.Models.CallAsync(
                request, observe, retry => session.Report(new AgentReport.Retrying(retry)),
                known =>
                {
                    Usage += known;
                    return paid = session.Spending.TryLose(request.Model, known, hold);
                },
                cancellationToken);

            if (answer is ModelAnswer.Replied { Reply.Usage: var used })
            {
                Usage += used;
                session.Spending.Charge(request.Model, used);
            }

            return paid ? answer : null;
        }
        finally
        {
            session.Spending.Release(hold);
        }
    }

    private ModelRequest Request(int maxTokens) => new()
    {
        Model = session.Model,
        MaxTokens = maxTokens,
        System = session.System.Blocks,
        Tools = session.DescribeTools(),
        Messages = session.Conversation.Messages,
        SessionId = session.Id,
        AgentId = session.ParentToolUseId,
        ThinkingTokens = session.ThinkingTokens,
        Effort = session.Options.Effort,
        AdaptiveThinking = session.Options.AdaptiveThinking,
    };

    private long InputBound() => session.Conversation.InputBound(
        Conversation.Bytes(session.System.Blocks) + (session.Spending.LimitNanodollars is null ? 0 : Conversation.Bytes([session.DescribeTools().ToText()])) + 1024);
}
