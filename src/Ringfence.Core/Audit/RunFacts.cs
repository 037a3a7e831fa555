namespace Ringfence.Audit;

/// <param name="Continues">The ended run that this one goes on from; null for a run from a commit.</param>
public sealed record RunRequested(
    string Repository, string? Ref, string Agent, string? Model, string PromptDigest, string RequestedBy, string RequestDigest,
    string? Continues = null) : AuditFact
{
    public override string Type => "run.requested";
}

public sealed record RunAdmitted(string By) : AuditFact
{
    public override string Type => "run.admitted";
}

public sealed record RunRejected(string Code, string Message) : AuditFact
{
    public override string Type => "run.rejected";
}

/// <summary>The agent is about to start: what it is, what holds it, under which limits.</summary>
/// <param name="AgentDigest">SHA-256 of the executable that is started.</param>
/// <param name="Isolation">One line per wall and limit, as the backend reached it on this machine.</param>
public sealed record RunStarted(
    int Attempt, string Agent, string AgentVersion, string AgentDigest, IReadOnlyList<string> Isolation, long CostLimitNanodollars,
    int TurnLimit, long TimeLimitMilliseconds, string PolicyDigest, string PriceVersion) : AuditFact
{
    public override string Type => "run.started";
}

public sealed record RunStateChanged(string From, string To, string? Reason = null) : AuditFact
{
    public override string Type => "run.state";
}

/// <summary>A value that was given for an input of the workflow. It stands in the prompt and in no policy.</summary>
/// <param name="Digest">Of the value, which is kept apart from the chain.</param>
/// <param name="IsText">Free text, which the prompt marks as somebody else's words.</param>
public sealed record RunInputGiven(string Name, string Digest, bool IsText) : AuditFact
{
    public override string Type => "run.input";
}

/// <summary>What the agent was not shown of the repository.</summary>
/// <param name="Files">How many files that is.</param>
public sealed record ContextHidden(IReadOnlyList<string> Include, IReadOnlyList<string> Exclude, int Files) : AuditFact
{
    public override string Type => "context.hidden";
}

/// <summary>The checkout that the run works on.</summary>
/// <param name="Notices">What the person should know: uncommitted changes that are not in it, submodules left empty, LFS pointers.</param>
public sealed record WorkspacePrepared(string Commit, string Tree, IReadOnlyList<string> Notices) : AuditFact
{
    public override string Type => "workspace.prepared";
}

/// <summary>The change set was kept although the run did not get to its end.</summary>
public sealed record RunSalvaged(string Tree, string Digest, int Files) : AuditFact
{
    public override string Type => "run.salvaged";
}

/// <summary>The last event of a run. Its counts make a shortened record visible.</summary>
public sealed record RunEnded(
    string Status, string? Reason, string? Message, string? By, int Turns, long CostNanodollars, long DurationMilliseconds,
    IReadOnlyDictionary<string, long> EventCounts) : AuditFact
{
    public override string Type => "run.ended";
}
