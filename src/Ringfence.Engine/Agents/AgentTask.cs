using Ringfence.Runs;

namespace Ringfence.Agents;

/// <summary>What one start of the agent is told.</summary>
/// <param name="Attempt">From 1.</param>
/// <param name="Prompt">The user's words; after failed checks, those of the platform.</param>
/// <param name="Session">The conversation to go on with, where the agent said how it calls it.</param>
public sealed record AgentTask(int Attempt, string Request, string Prompt, string? Session)
{
    /// <summary>What the request says; in a resumed run, what comes next, to an agent that remembers the rest or is told it once more.</summary>
    public static AgentTask First(RunRequest request) => request.Continues switch
    {
        null => new(1, request.Prompt, request.Prompt, null),
        { Session: { } session } next => new(1, request.Prompt, next.Instruction, session),
        { } next => new(1, request.Prompt, $"{request.Prompt}\n\nAn earlier run has begun with this; its files are here.\n\n{next.Instruction}", null),
    };

    /// <summary>Asks for a plan alone: what the agent changes on the way is thrown away with its sandbox.</summary>
    public AgentTask ForPlan() => Add(
        "Do not change anything yet. Look around, then answer with a plan and nothing else: what you will change, in which files, how it will be checked, and what could go wrong. "
        + "People read it first; files that you change now are thrown away.");

    /// <summary>The same task with something to know from the start.</summary>
    public AgentTask Add(string words) => this with { Prompt = $"{Prompt}\n\n{words}" };

    /// <summary>The same attempt, after it was interrupted. An agent that cannot resume needs the request once more.</summary>
    public AgentTask GoOn(string words) =>
        this with { Prompt = Session is null ? $"{Request}\n\nThis was begun already; the files are as you left them. {words}" : words };

    /// <summary>The next attempt. An agent that cannot resume needs the request once more, since it remembers nothing.</summary>
    public AgentTask Again(string feedback, string? session) =>
        new(Attempt + 1, Request, session is null ? $"{Request}\n\n{feedback}" : feedback, session);
}
