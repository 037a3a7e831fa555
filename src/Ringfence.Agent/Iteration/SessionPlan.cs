using Ringfence.Agent.Context;

namespace Ringfence.Agent.Iteration;

/// <summary>Which session this will be, and what it begins with.</summary>
internal sealed record SessionPlan(string SessionId, string Path, RestoredSession? Restored)
{
    /// <summary>The restored messages become the beginning of another session's file.</summary>
    public bool Copies { get; init; }

    /// <summary>The session goes on from this line and not from its last.</summary>
    public string? RewindsTo { get; init; }

    public void RestoreTo(AgentSession session)
    {
        session.Checkpoints?.Recorded = (prompt, file, copy) => session.Transcript.RecordCheckpoint(prompt, file, copy, session.NewId());

        if (Restored is null)
        {
            return;
        }

        if (RewindsTo is not null && !Copies)
        {
            session.Transcript.RecordRewind(RewindsTo, session.NewId());
        }

        foreach (var (prompt, file, copy) in Copies ? [] : Restored.Checkpoints)
        {
            session.Checkpoints?.Restore(prompt, file, copy);
        }

        session.Conversation.Restore(Restored.Messages);

        foreach (var (role, content) in Copies ? Restored.Messages : [])
        {
            session.Transcript.RecordCopy(role, content, session.NewId());
        }

        session.Conversation.CloseOpenCalls("The session ended before this was run.");

        foreach (var (model, usage) in Restored.Usage)
        {
            session.Spending.Charge(model, usage);
        }

        session.Spending.TakeSinceLast(); // was told by the process that spent it
    }
}
