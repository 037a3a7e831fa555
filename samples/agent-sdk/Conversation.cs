using Ringfence.AgentSdk;

namespace AgentSdk.Samples;

/// <summary>Prompts one after another in one process, then the same conversation again in another one.</summary>
internal static class Conversation
{
    public static async Task RunAsync(AgentOptions agent, CancellationToken cancellationToken)
    {
        string? sessionId;

        await using (var session = await AgentSession.StartAsync(agent, cancellationToken))
        {
            await AskAsync(session, "Think of a bird. Which is it?", cancellationToken);
            sessionId = await AskAsync(session, "Where does it live?", cancellationToken);
        }

        await using (var resumed = await AgentSession.StartAsync(agent with { Resume = sessionId }, cancellationToken))
        {
            await AskAsync(resumed, "Which bird was it?", cancellationToken);
        }
    }

    private static async Task<string?> AskAsync(AgentSession session, string prompt, CancellationToken cancellationToken)
    {
        var result = await session.SendAsync(prompt, cancellationToken).OfType<AgentMessage.Result>().SingleAsync(cancellationToken);
        Console.WriteLine($"> {prompt}\n{result.Text}");
        return result.SessionId;
    }
}
