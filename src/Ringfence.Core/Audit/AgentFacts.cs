namespace Ringfence.Audit;

/// <summary>What the agent said in its own event stream, beside tool calls: text, retries, errors, its own idea of the result. Always reported.</summary>
/// <param name="Kind"><c>text</c>, <c>retry</c>, <c>error</c>, <c>permission_denied</c>, <c>result</c>, <c>usage</c>, <c>unknown</c>.</param>
/// <param name="Text">At most 4 KiB; the whole is kept as a blob under <paramref name="Digest"/>.</param>
public sealed record AgentSaid(string Kind, string Text, string Digest) : AuditFact
{
    public override string Type => "agent.said";
}

/// <summary>The agent's own name for its conversation, on record as soon as it is heard: however the run ends, it can be resumed.</summary>
public sealed record AgentSession(string Session) : AuditFact
{
    public override string Type => "agent.session";
}

/// <summary>The repository's own agent configuration did not count as the commit has it.</summary>
/// <param name="Source"><c>hidden</c>, or the commit that it was taken from.</param>
/// <param name="Paths">What was covered, or differs; at most 200.</param>
public sealed record AgentConfigurationReplaced(string Source, IReadOnlyList<string> Paths) : AuditFact
{
    public override string Type => "agent.configuration_replaced";
}

/// <summary>The agent told of a call that the run's rules deny. Its own rules refuse such a call; what ran all the same is a command on record.</summary>
/// <param name="Rule">As the workflow has it.</param>
public sealed record ToolDenied(string Tool, string CallId, string Rule) : AuditFact
{
    public override string Type => "tool.denied";
}

/// <summary>The agent's process ended.</summary>
/// <param name="Outcome">What it claims: <c>success</c>, <c>failed</c>, <c>max_turns</c>, <c>max_cost</c>, <c>unknown</c>.</param>
public sealed record AgentFinished(int Attempt, string Outcome, int ExitCode, string? Message) : AuditFact
{
    public override string Type => "agent.finished";
}
