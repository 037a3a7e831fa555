namespace Ringfence.Agents;

/// <summary>What one start of the agent is told.</summary>
/// <param name="Attempt">From 1.</param>
/// <param name="Prompt">The user's words; after failed checks, those of the platform.</param>
/// <param name="Session">The conversation to go on with, where the agent said how it calls it.</param>
public sealed record AgentTask(int Attempt, string Request, string Prompt, string? Session)
{
    public static AgentTask First(string request) => new(1, request, request, null);

    /// <summary>The next attempt. An agent that cannot resume needs the request once more, since it remembers nothing.</summary>
    public AgentTask Again(string feedback, string? session) =>
        new(Attempt + 1, Request, session is null ? $"{Request}\n\n{feedback}" : feedback, session);
}
